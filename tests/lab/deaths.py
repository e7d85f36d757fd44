"""One story on real disks: a backup dies, or its machine does; its guard acts; `svmrun recover` ends it. What is left?

Somebody writes numbered lines all the time, and what was acknowledged must be there in the end.
"""

from __future__ import annotations

import os
import random
import shlex
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field

from svmrun.core import events as e
from svmrun.core.decide import held, writers_wait
from svmrun.core.state import replay
from svmrun.effects.journal import Journal
from svmrun.recovery import plan_of
from tests.lab.guest import PROJECT, Completed, Guest, Job, eventually
from tests.lab.machine import Lost
from tests.lab.mirrors import BACKUP, MOUNT_POINT, Mirror
from tests.lab.numbers import Told, Writer, longest_wait_seconds, start_numbers
from tests.nursery import Kill
from tests.running import SVMRUN, Ended

STATE = {"SVMRUN_STATE": f"{BACKUP}/state"}
JOURNALS = f"{BACKUP}/state/runs/*/journal.jsonl"
RUN_SECONDS = 300.0
GUARD_SECONDS = 90.0
ATTEMPTS = 3  # on a busy machine a command may take longer than a freeze allows, and the run goes back
SPARED = ("runner", "group")  # the guard lives, and must have released everything by itself


@dataclass(frozen=True)
class AtRandom:
    """So long after the start; `victims` is runner, group, or power."""

    seconds: float
    victims: str


@dataclass(frozen=True)
class PowerCut:
    """The power is gone at an exact record: svmrun stands still there, and with it what it had begun."""

    record: int
    moment: str
    step: str = ""
    victims: str = "power"

    @property
    def stop(self) -> Kill:
        return Kill(self.record, self.moment, "stop", self.step)


Death = Kill | AtRandom | PowerCut


@dataclass
class Story:
    """What was seen. `problems` is empty when the promise was kept."""

    death: Death
    held: tuple[str, ...] = ()  # when it died
    frozen: bool = False  # then
    problems: list[str] = field(default_factory=list)
    left: bool = False  # frozen or degraded in the end
    stuck: bool = False  # and mended as told
    longest_wait_seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.death}, held {', '.join(self.held) or 'nothing'}: {'; '.join(self.problems) or 'kept'}"


def tell(guest: Guest, mirror: Mirror, death: Death) -> Story:
    """Play it from the start to its end."""
    story = Story(death)
    guest.ok(f"rm -rf {BACKUP}/state {BACKUP}/data.dump {MOUNT_POINT}/numbers")
    if death.victims == "power":
        _write_units(guest, mirror)
    writer = start_numbers(guest, f"{MOUNT_POINT}/numbers", pause_seconds=0.03)
    runner = _start(guest, mirror, death)
    if death.victims == "power":
        _cut_power(guest, mirror, story, runner, writer)
    else:
        _kill(guest, mirror, story, runner)
    _recover(guest, mirror, story)
    if death.victims != "power":
        told = writer.acknowledged()
        story.longest_wait_seconds = longest_wait_seconds(told)
        _judge_numbers(guest, story, told)
        writer.end()
    return story


@dataclass(frozen=True)
class Usual:
    """A run that nobody kills: how many records it writes, those from the freeze to the thaw, and its seconds."""

    records: int
    window: range
    seconds: float


def usual_run(guest: Guest, mirror: Mirror) -> Usual:
    for _attempt in range(ATTEMPTS):
        guest.ok(f"rm -rf {BACKUP}/state")
        ended = guest.start_svmrun("execute", *mirror.words, environment=STATE).wait(RUN_SECONDS)
        if ended.status == 0:
            break
    assert ended.status == 0, ended.said
    events = _events(guest)
    roles = [(x.step, x.role) if isinstance(x, e.ActionStarted | e.ActionEnded) else None for x in events]
    window = range(roles.index(("freeze", "forward")) + 1, len(roles) - roles[::-1].index(("freeze", "release")) + 1)
    return Usual(len(events), window, ended.seconds)


def at_random(dice: random.Random, usual: Usual, power: bool) -> Death:
    """A third at any time; else at a record, where what was done and what is known of it part: half of those frozen."""
    seconds, moment = dice.uniform(0.0, usual.seconds), dice.choice(["before", "after"])
    record = dice.choice([dice.choice(usual.window), dice.randint(2, usual.records)])
    if dice.random() < 1 / 3:
        return AtRandom(seconds, "power" if power else dice.choice(["runner", "group"]))
    if power:
        return PowerCut(record, moment)
    return Kill(record, moment, dice.choice(["runner", "runner", "group", "group", "both", "all"]))


# -- to die ----------------------------------------------------------------------------------------------------------


def _start(guest: Guest, mirror: Mirror, death: Death) -> Job:
    exact = death if isinstance(death, Kill) else death.stop if isinstance(death, PowerCut) else None
    runner = guest.start_svmrun("execute", *mirror.words, kill=exact, environment=STATE)
    if isinstance(death, AtRandom):
        time.sleep(death.seconds)
    elif isinstance(death, PowerCut):
        assert eventually(lambda: _stands_still(guest, runner), RUN_SECONDS), runner.so_far()
    return runner


def _stands_still(guest: Guest, runner: Job) -> bool:
    """Or has come to its end."""
    return guest.run(["ps", "-o", "state=", "-p", str(runner.pid)]).stdout.strip() in ("T", "")


def _kill(guest: Guest, mirror: Mirror, story: Story, runner: Job) -> None:
    if isinstance(story.death, AtRandom):
        whom = f"-{runner.pid}" if story.death.victims == "group" else f"{runner.pid}"
        guest.run(["kill", "-s", "KILL", "--", whom])
    ended = runner.wait(RUN_SECONDS)
    if ended.status != 128 + 9 and ended.status not in (0, 1):
        story.problems.append(f"ended with {ended.status}: {ended.said[-500:]}")
    _note_what_is_held(guest, story)
    gone = eventually(lambda: guest.run(["pgrep", "-f", "/run/svmrun-0/"]).status == 1, GUARD_SECONDS)
    if not gone:
        story.problems.append(f"its guard still runs: {guest.run('pgrep -a -f /run/svmrun-0/').stdout}")
    if story.death.victims in SPARED and (amiss := mirror.amiss(guest)):
        story.problems.append(f"the guard left {amiss}")


def _cut_power(guest: Guest, mirror: Mirror, story: Story, runner: Job, writer: Writer) -> None:
    told = writer.acknowledged()
    _note_what_is_held(guest, story)
    guest.power_cut()
    with suppress(Lost):
        runner.wait()
    mirror.boot(guest)
    _judge_numbers(guest, story, told)


def _note_what_is_held(guest: Guest, story: Story) -> None:
    events = _events(guest)
    if events:
        plan, state = plan_of(events), replay(events)
        story.held = tuple(step.id for step in held(plan, state)) if state.ended is None else ()
        story.frozen = bool(story.held) and writers_wait(plan, state)


def _events(guest: Guest) -> list[e.Event]:
    journal = guest.share / "journal.jsonl"
    guest.ok(f"cat {JOURNALS} >/lab/journal.jsonl 2>/dev/null || true")
    return Journal.read(journal)[0]


# -- to recover ------------------------------------------------------------------------------------------------------


def _write_units(guest: Guest, mirror: Mirror) -> None:
    words = [SVMRUN, "install-units", *mirror.words, "--kind", "systemd", "--folder", str(guest.share / "units")]
    subprocess.run(words, env={**os.environ, **STATE}, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)


def recover_as_the_unit_does(guest: Guest) -> Completed:
    """The command line of its service, with that environment and no other: there is no systemd in a guest."""
    lines = (guest.share / "units" / "svmrun-recover.service").read_text().splitlines()
    values = [tuple(line.partition("=")[::2]) for line in lines]
    variables = [word for name, value in values if name == "Environment" for word in shlex.split(value)]
    (command,) = (value for name, value in values if name == "ExecStart")
    return guest.run(f"umask 0077; exec env -i {shlex.join(variables)} {command}", timeout_seconds=RUN_SECONDS)


def _recover(guest: Guest, mirror: Mirror, story: Story) -> None:
    after_boot = story.death.victims == "power"
    first = recover_as_the_unit_does(guest) if after_boot else guest.svmrun("recover", environment=STATE)
    if first.status not in (0, 4):
        story.problems.append(f"recover ended with {first.status}: {first.said[-800:]}")
    if first.status == 4:
        _do_as_told(guest, story, first)
    if amiss := mirror.amiss(guest):
        story.left = True
        story.problems.append(f"recover left {amiss}: {first.said[-800:]}")
    elif found := mirror.mismatches(guest):
        story.left = True
        story.problems.append(f"the copies differ in {found} sectors: {first.said[-800:]}")
    events = _events(guest)
    if events and not (isinstance(events[-1], e.RunEnded) and events[-1].verdict != "stuck"):
        story.problems.append(f"the run has not ended: {events[-1]}")


def _do_as_told(guest: Guest, story: Story, ended: Completed) -> None:
    story.stuck = True
    lines = Ended(ended.status, ended.stdout, ended.stderr).instructions()
    if not lines:
        story.problems.append(f"stuck, and nobody is told what to do: {ended.said[-500:]}")
    for line in lines:
        guest.run(line)
    guest.svmrun("recover", environment=STATE)


# -- what the writer saw ---------------------------------------------------------------------------------------------


def _judge_numbers(guest: Guest, story: Story, told: Told) -> None:
    there = guest.ok(["cat", f"{MOUNT_POINT}/numbers"]).split()
    if there != [str(number) for number in range(1, len(there) + 1)] or len(there) < told[-1][0]:
        story.problems.append(f"{told[-1][0]} numbers were acknowledged, {len(there)} are there, up to {there[-1:]}")
