"""How long do writers wait? The write lock of mirror-backup, against a shell script of the bare three commands.

    python -m benchmarks.window [ROUNDS]

Lock, detach, unlock, on simulated commands that take 20 ms each, and what the start of their program takes. The aim:
at most 1.25 times the script's window. The runbook gives one command more: it looks whether the lock stood until the
side was off, without which nobody could call the image one moment. So a script that looks, too, is measured as well.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.measuring import SVMRUN, Place, median, milliseconds, number_wanted, place, sync_seconds, tell
from svmrun.simulator.world_file import world_path

AIM_RATIO = 1.25
COMMAND_SECONDS = 0.02
SCRIPT = """\
PATH={bin}:$PATH
date +%s%N
lockfs -w /global/schost-1 && metadetach -s schost-1 d0 d30 {look} && lockfs -u /global/schost-1 || exit 1
date +%s%N
"""
LOOK = "&& lockfs /global/schost-1 >/dev/null"


def main() -> None:
    rounds = number_wanted(10, __doc__)
    with place() as here:
        world = slow_world(here)
        taken = [
            (script_window(here, world), script_window(here, world, LOOK), own_window(here, world))
            for _ in range(rounds)
        ]
        synced = sync_seconds(here.folder)
    script, looking, own = (median(list(column)) for column in zip(*taken, strict=True))
    tell("the script's window", milliseconds(script))
    tell("the window of a script that looks, too", milliseconds(looking))
    tell("svmrun's window", milliseconds(own))
    tell("of it, one record made durable by the disk", milliseconds(synced))
    tell("against the script", f"{own / script:.2f} times", f"{AIM_RATIO}", own / script <= AIM_RATIO)
    tell("against the script that looks, too", f"{own / looking:.2f} times")
    strict = (3 * COMMAND_SECONDS + own - script) / (3 * COMMAND_SECONDS)
    tell("  if a command took 20 ms and not a bit more", f"{strict:.2f} times")


def slow_world(here: Place) -> Path:
    text = Path(world_path("schost")).read_text(encoding="utf-8")
    return here.write("slow.yaml", f"{text}\ncommand_seconds: {COMMAND_SECONDS}\ntime_scale: 0\n")


def script_window(here: Place, world: Path, look: str = "") -> float:
    folder = here.folder / "host"
    here.seconds(*SVMRUN, "simulate", folder, "--world", world)
    here.seconds("sh", here.write("window.sh", SCRIPT.format(bin=folder / "bin", look=look)))
    first, *_, last = (here.folder / "output").read_text(encoding="utf-8").split()
    return (int(last) - int(first)) / 1e9


def own_window(here: Place, world: Path) -> float:
    """From the start of the lock's command to the end of the unlock's."""
    here.seconds(*SVMRUN, "execute", "mirror-backup", "--simulate", world, "--time-scale", "0")
    events = [event for event in here.last_journal() if event.get("step") == "lock"]
    while not (events[0]["event"] == "ActionStarted" and events[0]["role"] == "forward"):
        events.pop(0)
    began = next(e["at"] for e in events if e["event"] == "ProcessStarted")
    ended = next(e["at"] for e in events if e["event"] == "ActionEnded" and e["role"] == "release")
    return float(ended - began)


if __name__ == "__main__":
    main()
