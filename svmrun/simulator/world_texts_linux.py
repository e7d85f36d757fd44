"""What the fields of Linux mirrors mean in a world file."""

from __future__ import annotations

LINUX = {
    "LinuxMirror": {
        "": "An md array, or a raid1 volume of LVM.",
        "name": "/dev/md0, or VG/LV.",
        "kind": "Who keeps it: md or lvm.",
        "size": "In blocks of 512 bytes.",
        "legs": "Its copies, in the order of their slots.",
        "metadata": "The version of md's metadata: 0.90 and 1.0 stand behind the data of each leg, 1.1 and 1.2 before.",
        "data_offset": "Sectors before the data on each leg; 0 with metadata at the end.",
        "bitmap": "Whether it has a write-intent bitmap: a leg that comes back is then copied to only where needed.",
        "noted": "Whether the legs that stayed have noted in their own metadata that one is out.",
        "work": "The recovery or consistency check that runs.",
        "broken": "Whether it takes no writes any more, because its last leg was to be thrown out.",
        "last": "The work that was begun last, as the kernel tells it later.",
        "mismatches": "What the last consistency check counted, in sectors.",
    },
    "Leg": {
        "": "One copy of a mirror's data.",
        "device": "The device: /dev/sdb1, or LVM's image VG/LV_rimage_0.",
        "disk": "The physical volume that carries an image of LVM.",
        "state": "in-sync; recovering; faulty (thrown out); out (taken off on purpose); missing (gone with its disk).",
        "generation": "How new the data on it are, once it is out (see the file system's generation).",
        "image": "What a leg that is out holds: one moment, a crash image, or parts of several moments.",
        "altered": "Whether somebody wrote to it while it was out, which no bitmap knows.",
        "differs": "Whether it counts as in sync and holds other data than the mirror.",
        "repaired": "The generation of its data that a check of the file system has put in order.",
        "known": "Whether its own metadata say whose it is.",
        "split": "Whether LVM has it split off, and tracks what is written meanwhile.",
        "read_only": "Whether the device is set read-only (blockdev --setro).",
    },
    "Work": {
        "": "A recovery or a consistency check that runs.",
        "kind": "Which of both.",
        "total": "The work, in seconds.",
        "since": "When it started or went on, in seconds since 1970.",
        "done": "The work done by then, in seconds.",
    },
    "View": {
        "": "A device that is laid over another one.",
        "name": "/dev/loop0, /dev/mapper/NAME.",
        "kind": "A loop device, or a linear or snapshot target of device-mapper.",
        "over": "The device (or for a loop, the file) below it.",
        "offset": "Where on it this one begins, in sectors.",
        "read_only": "Whether it refuses writes.",
        "store": "The device that keeps what is written to a snapshot.",
        "size": "Its length in sectors; 0 is all that lies below.",
        "closing": "Whether it was detached while in use, and goes with its last user.",
        "repaired": "The generation that a check of the file system has put in order in this view.",
    },
}
