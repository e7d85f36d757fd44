"""lvconvert and lvchange: an image of a mirror is split off and merged again, the mirror refreshed, checked, mended.

Sources: lvmraid(7), lvconvert(8), lvchange(8), and what lvm2 2.03 with a kernel 6.1 does. A merge copies what was
written meanwhile only if the images that stayed have noted, in their own metadata, that one is out. While a file system
is busy they do not get to it, and the merge then copies nothing, though all states say that it is whole. A refresh
writes that note. So a merge stands behind a refresh, always.
"""

from __future__ import annotations

from typing import Any

from svmrun.adapters import fields, lvm_fields
from svmrun.adapters.base import (
    Adapter,
    Arguments,
    Before,
    Command,
    Completed,
    Outcome,
    Parts,
    Probe,
    ShellProof,
    failed,
    plain_outcome,
)
from svmrun.adapters.copying import still_copied
from svmrun.adapters.lvm_fields import NAME, command, complaint, group, in_group, said
from svmrun.names import mapper_name
from svmrun.values import replace

Json = Any
_SPLIT_BEFORE = "Conversion of tracking raid1 LV"
_NOT_SPLIT = "cannot be merged because --trackchanges was not used"


class _LvmChange(Adapter):
    """LVM holds back signals while it changes a volume: it ends when that is done."""

    def resource(self, arguments: Arguments) -> str | None:
        return f"volume {arguments.get('volume')}"


class Lvconvert(_LvmChange):
    """lvconvert(8). Result: `{"volume", "image"}`."""

    name = "lvconvert"
    summary = "Split an image off a raid1 volume, tracking changes, and merge it again (lvconvert)"
    timeout_seconds = 20.0
    schema = fields.arguments(
        {
            "mode": fields.choice(
                "Mode",
                "`split` takes the image off, and the mirror notes what is written from then on; `merge` puts it back.",
                ["split", "merge"],
            ),
            "volume": lvm_fields.VOLUME,
            "image": fields.text(
                "Image",
                "The image that is split off: lvs shows its name. Without `devices` LVM splits the last one.",
                ["data_rimage_2"],
                pattern=rf"^({NAME}/)?{NAME}$",
            ),
            "devices": lvm_fields.physical_volumes(
                "Physical volumes", "Where the image to split lies, so that LVM takes that one and no other."
            ),
        },
        ("mode", "volume", "image"),
    )

    def split_device(self, arguments: Arguments) -> str | None:
        return f"/dev/mapper/{mapper_name(str(arguments['volume']))}" if arguments["mode"] == "split" else None

    def split_side(self, arguments: Arguments) -> tuple[str, str] | None:
        return _pair(arguments) if arguments["mode"] == "split" else None

    def rejoins_device(self, arguments: Arguments) -> str | None:
        return f"/dev/{_pair(arguments)[1]}" if arguments["mode"] == "merge" else None

    def preceded_by(self, arguments: Arguments) -> Before | None:
        if arguments["mode"] != "merge":
            return None
        refresh = {"mode": "refresh", "volume": arguments["volume"]}
        return Before("lvchange", refresh, "what was written meanwhile may not be copied, though all states are good")

    def command_line(self, arguments: Arguments) -> Command:
        volume, image = _pair(arguments)
        if group(image) != group(volume) or image == volume:
            raise ValueError(f"{image} cannot be an image of {volume}")
        if arguments["mode"] == "split":
            return command("lvconvert", "--yes", "--splitmirrors", "1", "--trackchanges", volume, *arguments["devices"])
        if arguments["devices"]:
            raise ValueError("lvconvert: `devices` are for a split; a merge knows its image by name")
        return command("lvconvert", "--yes", "--merge", image)

    def expects(self, arguments: Arguments) -> str:
        volume, image = _pair(arguments)
        if arguments["mode"] == "split":
            return f"{image} split from {volume} for read-only purposes. It can be written to all the same: do not."
        return f"{image} successfully merged back into {volume}. A recovery of what was written meanwhile then runs."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        volume, image = _pair(arguments)
        outcome = plain_outcome(completed, {"volume": volume, "image": image}, reason=complaint(completed))
        words = _done_words(arguments)
        if outcome.ok and said(completed, [words]):
            return replace(outcome, message=f"{image} {_DONE[arguments['mode']]} {volume}")
        if outcome.ok:
            return Outcome("unknown", f"lvconvert ended well but did not say: {words}", outcome.result)
        if outcome.kind != "failed":
            return outcome
        if said(completed, [words]):
            return Outcome("unknown", f"it was done, and yet lvconvert failed: {outcome.message}", outcome.result)
        if arguments["mode"] == "merge" and _NOT_SPLIT in completed.stderr:
            return Outcome("succeeded", f"{image} is a part of {volume} already", outcome.result, changed=False)
        return replace(outcome, untouched=arguments["mode"] == "split" and _SPLIT_BEFORE in completed.stderr)

    def probe(self, arguments: Arguments) -> Probe | None:
        volume, image = _pair(arguments)

        def present(result: Json) -> bool | None:
            images = result["volumes"].get(volume, {}).get("images", ())
            found = [one["split"] for one in images if one["name"] == image]
            return found[0] is (arguments["mode"] == "split") if found else None

        return Probe("lvs", {"volume": volume}, present)

    def done_in_shell(self, arguments: Arguments) -> ShellProof:
        """An image that is a part of its mirror is hidden, which lvs shows by brackets."""
        if arguments["mode"] == "split":
            return ShellProof()
        volume, image = _pair(arguments)
        asked = command("lvs", "--all", "--noheadings", "--options", "lv_name", group(volume))
        return ShellProof(asked, (f"[{image.split('/', 1)[1]}]",), (_NOT_SPLIT,))

    def goes_on(self, arguments: Arguments) -> str:
        if arguments["mode"] != "merge":
            return ""
        volume, image = _pair(arguments)
        return still_copied(volume, image, f"lvs -o lv_name,sync_percent {volume}", "shows 100.00")

    def inverse(self, arguments: Arguments) -> Parts | None:
        kept = {key: arguments[key] for key in ("volume", "image")}
        return Parts("lvconvert", {**kept, "mode": "merge" if arguments["mode"] == "split" else "split"})


class Lvchange(_LvmChange):
    """lvchange(8). Result: `{"volume"}`. A check goes on by itself afterwards: lvs tells how far it is."""

    name = "lvchange"
    summary = "Refresh a raid1 volume, check that its images are alike, or rebuild one of them (lvchange)"
    timeout_seconds = 20.0
    schema = fields.arguments(
        {
            "mode": fields.choice(
                "Mode",
                "`refresh` loads the volume anew, and its images note which one is out: do it before a merge. `check` "
                "starts a comparison of the images; `rebuild` copies everything to the images on `devices` again.",
                ["refresh", "check", "rebuild"],
            ),
            "volume": lvm_fields.VOLUME,
            "devices": lvm_fields.physical_volumes(
                "Physical volumes", "Where the images lie that are to be rebuilt; the others must be good."
            ),
        },
        ("mode", "volume"),
    )

    def repeatable(self, arguments: Arguments) -> bool:
        return bool(arguments["mode"] != "rebuild")

    def done_in_shell(self, arguments: Arguments) -> ShellProof:
        return ShellProof() if arguments["mode"] == "check" else ShellProof(prints=_resumed(arguments))

    def command_line(self, arguments: Arguments) -> Command:
        mode, volume, devices = arguments["mode"], str(arguments["volume"]), arguments["devices"]
        if bool(devices) is not (mode == "rebuild"):
            raise ValueError("lvchange: a rebuild needs `devices`, and nothing else takes them")
        options = {
            "refresh": ("--verbose", "--refresh"),  # without --verbose it prints nothing that would prove it
            "check": ("--syncaction", "check"),
            "rebuild": ("--verbose", "--yes", *(word for device in devices for word in ("--rebuild", device))),
        }
        return command("lvchange", *options[mode], volume)

    def expects(self, arguments: Arguments) -> str:
        if arguments["mode"] == "check":
            return "It prints nothing. lvs shows raid_sync_action check until it is through, then raid_mismatch_count."
        return f"Among many lines: Resuming {mapper_name(str(arguments['volume']))}."

    def goes_on(self, arguments: Arguments) -> str:
        volume, sides = str(arguments["volume"]), " and ".join(arguments["devices"])
        if arguments["mode"] != "rebuild":
            return ""
        return still_copied(volume, sides, f"lvs -o lv_name,sync_percent {volume}", "shows 100.00")

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        volume = str(arguments["volume"])
        outcome = plain_outcome(completed, {"volume": volume}, reason=complaint(completed))
        if not outcome.ok or arguments["mode"] == "check":
            return outcome
        if said(completed, [_resumed(arguments)]):
            return outcome
        if said(completed, ["Refreshing logical volume "]):
            return failed(f"{volume} is not active: nothing was refreshed", outcome.result)
        if reason := complaint(completed):
            return failed(f"lvchange ended well, but says: {reason}", outcome.result)
        return Outcome("unknown", f"lvchange ended well but did not say that it resumed {volume}", outcome.result)


_DONE = {"split": "split from", "merge": "merged back into"}


def _done_words(arguments: Arguments) -> str:
    volume, image = _pair(arguments)
    return f"{image} {'' if arguments['mode'] == 'split' else 'successfully '}{_DONE[arguments['mode']]} {volume}"


def _resumed(arguments: Arguments) -> str:
    """What --verbose says when the volume was loaded anew."""
    return f"Resuming {mapper_name(str(arguments['volume']))} ("


def _pair(arguments: Arguments) -> tuple[str, str]:
    volume = str(arguments["volume"])
    return volume, in_group(volume, str(arguments["image"]))
