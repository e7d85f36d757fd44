"""What can go wrong with any command, put around its model.

Every call is written down in `world.calls`, whether it fails or not. The calls that a fault counts are those of its
program whose arguments contain all the words of `has`.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Generator
from functools import lru_cache
from typing import Any

from svmrun.simulator.requests import Ask, Await, Call, Change, Die, Model, Outlive, Print, Signalled, Trap
from svmrun.simulator.world import Fault, World
from svmrun.values import replace

Run = Generator[Any, Any, int]
Effect = Callable[[Fault, Model, Call], Run]
RUBBISH = "\x1b[2J\x00Segmentation Fault \ufffd\ufffd core dumped\n%%EOF d0: \t\t-1 -1\n"


def around(model: Model, call: Call) -> Run:
    """The model, with the fault that the world has for this call, if any."""
    world = yield Change(lambda now: replace(now, calls=(*now.calls, line_of(call.argv))))
    fault = fault_of(world, call.argv)
    if fault is None:
        return (yield from model(call))
    return (yield from EFFECTS[fault.effect](fault, model, call))


@lru_cache(1000)
def line_of(argv: tuple[str, ...]) -> str:
    """The command line as it would be typed."""
    return shlex.join(argv)


def fault_of(world: World, argv: tuple[str, ...]) -> Fault | None:
    """The first fault that meets this call, which is already the last one in `world.calls`."""
    for fault in world.faults:
        if _meets(fault, line_of(argv)):
            number = sum(_meets(fault, line) for line in world.calls)
            if fault.first <= number <= fault.last:
                return fault
    return None


def _meets(fault: Fault, line: str) -> bool:
    padded = f"{line} "
    return padded.startswith(f"{fault.program} ") and all(f" {shlex.quote(word)} " in padded for word in fault.has)


def _fail(fault: Fault, _model: Model, _call: Call) -> Run:
    yield Print(f"{fault.program}: simulated fault: I/O error\n", "err")
    return 1


def _fail_after(fault: Fault, model: Model, call: Call) -> Run:
    yield from _silently(model(call))
    return (yield from _fail(fault, model, call))


def _lie(_fault: Fault, _model: Model, _call: Call) -> Run:
    yield from ()
    return 0


def _hang(_fault: Fault, _model: Model, _call: Call) -> Run:
    yield Await(_never)
    return 1


def _hang_after(fault: Fault, model: Model, call: Call) -> Run:
    yield from model(call)
    yield Trap(())  # what the command caught it catches no more: it hangs in its end
    return (yield from _hang(fault, model, call))


def _stubborn(_fault: Fault, _model: Model, _call: Call) -> Run:
    yield Trap(("INT", "TERM", "HUP"))
    while True:
        try:
            yield Await(_never)
        except Signalled:
            continue


def _garbage(_fault: Fault, model: Model, call: Call) -> Run:
    status = yield from _silently(model(call))
    yield Print(RUBBISH)
    return status


def _late(fault: Fault, model: Model, call: Call) -> Run:
    yield Outlive(call.argv, call.user, fault.seconds)
    return (yield from _hang(fault, model, call))


def _signal(_fault: Fault, _model: Model, _call: Call) -> Run:
    yield Die("KILL")
    return 1


def _prompt(fault: Fault, model: Model, call: Call) -> Run:
    yield Print(f"{fault.program}: the moon is in the wrong quarter. Which planet shall be used instead? ")
    if (yield Ask()) is None:
        yield Print("\n")
        return 1
    return (yield from model(call))


def _never(_world: World) -> bool:
    return False


def _silently(run: Run) -> Run:
    """The same run without its words."""
    try:
        request = next(run)
        while True:
            if isinstance(request, Print):
                request = run.send(None)
                continue
            try:
                answer = yield request
            except Signalled as signal:
                request = run.throw(signal)
            else:
                request = run.send(answer)
    except StopIteration as stop:
        return int(stop.value)


EFFECTS: dict[str, Effect] = {
    "fail": _fail,
    "fail-after": _fail_after,
    "lie": _lie,
    "hang": _hang,
    "hang-after": _hang_after,
    "stubborn": _stubborn,
    "garbage": _garbage,
    "late": _late,
    "signal": _signal,
    "prompt": _prompt,
}
