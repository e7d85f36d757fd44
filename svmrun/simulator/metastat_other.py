"""The full blocks of RAID, soft partitions, hot spare pools and trans volumes, read from their `metastat -p` words.

Formats: meta_raid.c, meta_sp.c, meta_hotspares.c, meta_trans.c. They are always in good order.
"""

from __future__ import annotations

import re

from svmrun.simulator.metastat_tables import reloc, width
from svmrun.simulator.metastat_words import size_text
from svmrun.simulator.volumes import canonical, volume
from svmrun.simulator.world import OtherVolume, World


def other_report(world: World, found: OtherVolume) -> str:
    if found.kind == "trans":
        return _trans(found)
    reports = {"raid5": _raid, "soft-partition": _soft_partition, "hot-spare-pool": _hot_spares}
    return reports[found.kind](world, found)


def _raid(world: World, found: OtherVolume) -> str:
    devices = [canonical(word) for word in found.words.partition(" -k")[0].split()[1:]]
    wide = width(devices)
    interlace = re.search(r"-i (\d+)b", found.words)
    pool = re.search(r"-h (\S+)", found.words)
    rows = "".join(f"\t{d:<{wide}} {330:>8}     {'No':>5} {'Okay':>12} {reloc(world, d):>5} \n" for d in devices)
    return (
        f"{found.name}: RAID\n    State: {'Okay':<12} \n"
        f"{f'    Hot spare pool: {pool[1]}{chr(10)}' if pool else ''}"
        f"    Interlace: {interlace[1] if interlace else 32} blocks\n"
        f"    Size: {found.size} blocks ({size_text(found.size)})\n"
        f"Original device:\n    Size: {found.size} blocks ({size_text(found.size)})\n"
        f"\t{'Device':<{wide}} {'Start Block':<12} {'Dbase':<5} {'State':>12} {'Reloc':<5}  Hot Spare\n{rows}\n"
    )


def _soft_partition(world: World, found: OtherVolume) -> str:
    device = canonical(found.words.split()[1])
    extents = re.findall(r"-o (\d+) -b (\d+)", found.words)
    rows = "".join(f"\t{n:>6} {start:>24} {count:>24}\n" for n, (start, count) in enumerate(extents))
    return (
        f"{found.name}: Soft Partition\n    Device: {device}\n    State: Okay\n"
        f"    Size: {found.size} blocks ({size_text(found.size)})\n"
        f"{'' if volume(world, device) else _slice_table(world, device)}"
        f"\t{'Extent':>6} {'Start Block':>24} {'Block count':>24}\n{rows}\n"
    )


def _slice_table(world: World, device: str) -> str:
    wide = width([device])
    head = f"\t{'Device':<{wide}} {'Start Block':<12} {'Dbase':<5} Reloc\n"
    return f"{head}\t{device:<{wide}} {0:>8}     {'No':<5} {reloc(world, device)}\n\n"


def _hot_spares(world: World, found: OtherVolume) -> str:
    devices = [canonical(word) for word in found.words.split()]
    if not devices:
        return f"{found.name}: is empty\n\n"
    wide = width(devices)
    count = "1 hot spare" if len(devices) == 1 else f"{len(devices)} hot spares"
    rows = "".join(f"        {d:<{wide}} {'Available':<12} {found.size} blocks\t{reloc(world, d)}\n" for d in devices)
    return f"{found.name}: {count}\n\t{'Device':<{wide}} {'Status':<12}{'Length':<8}\t\tReloc\n{rows}\n"


def _trans(found: OtherVolume) -> str:
    master, *log = [canonical(word) for word in found.words.split()[1:]]
    logging = f"    Logging Device: {log[0]}\n" if log else ""
    size = f"    Size: {found.size} blocks ({size_text(found.size)})\n"
    return f"{found.name}: Trans\n    State: {'Okay':<12} \n{size}    Master Device: {master}\n{logging}\n"
