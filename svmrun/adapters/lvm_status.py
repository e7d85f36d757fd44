"""lvs: what the mirrors of LVM are and do. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from svmrun.adapters import fields, lvm_fields
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome
from svmrun.adapters.lvm_parse import COLUMNS, parse_lvs
from svmrun.adapters.output import ParseError, read_outcome

Json = Any


class Lvs(Adapter):
    """lvs(8). Result: that of `parse_lvs`.

    No state word proves a mirror whole: one that was merged without a refresh says 100 percent, idle and nothing of
    mismatches, until a consistency check has counted them.
    """

    name = "lvs"
    summary = "Read logical volumes: mirrors, their images, states and mismatches (lvs)"
    timeout_seconds = 30.0
    schema = fields.arguments(
        {
            "volume": lvm_fields.VOLUME,
            "volume_group": fields.word("Volume group", "All volumes of this group.", ["vg"]),
        }
    )

    def read_only(self, arguments: Arguments) -> bool:
        return True

    def command_line(self, arguments: Arguments) -> Command:
        """The whole group is listed: of one volume alone, lvs does not show the images."""
        volume, group = arguments.get("volume"), arguments.get("volume_group")
        if bool(volume) == bool(group):
            raise ValueError("lvs: give either `volume` or `volume_group`")
        form = ("--all", "--reportformat", "json", "--units", "b", "--nosuffix", "--options", ",".join(COLUMNS))
        return lvm_fields.command("lvs", *form, group or lvm_fields.group(str(volume)))

    def expects(self, arguments: Arguments) -> str:
        return (
            "sync_percent 100.00, raid_sync_action idle, raid_mismatch_count 0 and an empty lv_health_status are good. "
            "An image that is split off stands without brackets."
        )

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        def must_hold(result: dict[str, Json]) -> Iterator[str]:
            volume = arguments.get("volume")
            if volume and volume not in result["volumes"]:
                yield f"there is no volume {volume}"

        return read_outcome(completed, parse_lvs, must_hold, lvm_fields.complaint(completed))

    def progress(self, arguments: Arguments, output: str) -> float | None:
        """Percent of the recovery or check that runs; of several, the one that has furthest to go."""
        try:
            volumes = parse_lvs(output)["volumes"].values()
        except ParseError:
            return None
        running = [one["sync_percent"] for one in volumes if one["sync_action"] not in (None, "idle")]
        return min((percent for percent in running if percent is not None), default=None)
