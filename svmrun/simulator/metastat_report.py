"""The full blocks of `metastat` for mirrors and concat/stripes (meta_mirror.c, meta_stripe.c)."""

from __future__ import annotations

from collections.abc import Callable

from svmrun.simulator.calendar_text import date_text
from svmrun.simulator.metastat_other import other_report
from svmrun.simulator.metastat_tables import reloc, width
from svmrun.simulator.metastat_words import invoke, percent, size_text, submirror_state
from svmrun.simulator.volumes import components, disk_set, set_name, stripe, unavailable
from svmrun.simulator.world import Component, Mirror, OtherVolume, Stripe, Submirror, World

OLD_RELEASES = ("5.6", "5.7", "5.8")  # no sizes in parentheses, no device relocation


def block(world: World, found: Mirror | Stripe | OtherVolume, *, times: bool = False) -> str:
    """A volume as printed at top level. `times` is option -t: the time of the last change of state."""
    if isinstance(found, Mirror):
        return _mirror(world, found, times)
    if isinstance(found, Stripe):
        return f"{found.name}: Concat/Stripe\n{_free_stripe(world, found)}"
    return other_report(world, found)


def _mirror(world: World, found: Mirror, times: bool) -> str:
    """Ends in two empty lines: one of the last submirror, one of its own."""
    sides = sorted(found.submirrors, key=lambda s: s.slot)
    return (
        f"{found.name}: Mirror\n"
        f"{''.join(_side_lines(world, found, side, times) for side in sides)}"
        f"{_resync_line(world, found)}"
        f"    Pass: {found.pass_number}\n"
        f"    Read option: {found.read_option}\n"
        f"    Write option: {found.write_option}\n"
        f"{_multi_owner_lines(world, found)}"
        f"    Size: {_size(world, found.size)}\n"
        f"{''.join(_submirror(world, found, side, times) for side in sides)}\n"
    )


def _side_lines(world: World, found: Mirror, side: Submirror, times: bool) -> str:
    state = _state_line(found, side, stripe(world, side.name), times)
    return f"    Submirror {side.slot}: {side.name}\n      {state}"


def _state_line(found: Mirror, side: Submirror, volume: Stripe | None, times: bool) -> str:
    return f"State: {submirror_state(found, side, volume):<12} {time_text(side.changed) if times else ''}\n"


def time_text(at: float) -> str:
    return date_text(at) if at else "(invalid time)"


def _resync_line(world: World, found: Mirror) -> str:
    if found.resync is None:
        return ""
    word = "cancelled" if found.resync.cancelled else "in progress"
    return f"    Resync {word}: {percent(world, found)} % done\n"


def _multi_owner_lines(world: World, found: Mirror) -> str:
    of_set = disk_set(world, set_name(found.name))
    if of_set is None or not of_set.multi_owner:
        return ""
    return "    Resync option: optimized resync\n    Owner: None\n"


def _size(world: World, blocks: int) -> str:
    """Before Solaris 9 there were no parentheses."""
    return f"{blocks} blocks" if world.release in OLD_RELEASES else f"{blocks} blocks ({size_text(blocks)})"


def _submirror(world: World, found: Mirror, side: Submirror, times: bool) -> str:
    volume = stripe(world, side.name)
    if volume is None:
        return ""
    body = _attached_stripe(world, volume, side.changed if times else None)
    return f"\n{side.name}: Submirror of {found.name}\n{_state_and_advice(found, side, volume, times)}{body}"


def _state_and_advice(found: Mirror, side: Submirror, volume: Stripe, times: bool) -> str:
    """Left out for a missing disk: the body says it then."""
    if unavailable(volume):
        return ""
    advice = invoke(found, side, volume)
    return f"    {_state_line(found, side, volume, times)}" + (f"    Invoke: {advice}\n" if advice else "")


def _attached_stripe(world: World, found: Stripe, changed: float | None) -> str:
    """The body with a State column; `changed` asks for the columns of option -t."""
    wide = width([c.device for c in components(found)])
    if world.release in OLD_RELEASES:
        head = f"\t{'Device':<20}{'Start Block':<13}{'Dbase':<6}{'State':<13}Hot Spare\n"
        return _body(world, found, head, lambda c: f"\t{c.device:<20}{0:>8}     {'No':<6}{c.state:<13}\n")
    if changed is None:
        head = f"\t{'Device':<{wide}} {'Start Block':<12} {'Dbase':>5} {'State':>12} {'Reloc':>5} Hot Spare\n"
        return _body(world, found, head, lambda c: _attached_row(world, c, wide))
    head = f"\t{'Device':<{wide}} {'Start':>5} {'Dbase':>5} {'State':<11} {'Reloc':<5} {'Hot Spare':<9} Time\n"
    return _body(world, found, head, lambda c: _timed_row(world, c, wide, changed))


def _free_stripe(world: World, found: Stripe) -> str:
    wide = width([c.device for c in components(found)])
    head = f"\t{'Device':<{wide}} {'Start Block':<12} {'Dbase':<5}\tReloc\n"
    return _body(world, found, head, lambda c: f"\t{c.device:<{wide}} {0:>8}     {'No':<5}\t{reloc(world, c.device)}\n")


def _attached_row(world: World, found: Component, wide: int) -> str:
    return f"\t{found.device:<{wide}} {0:>8}     {'No':<5} {found.state:>12} {reloc(world, found.device):>5} \n"


def _timed_row(world: World, found: Component, wide: int, changed: float) -> str:
    reloc_word = reloc(world, found.device)
    return f"\t{found.device:<{wide}} {0:>5} {'No':<5} {found.state:<11} {reloc_word:<5} {'':<9} {time_text(changed)}\n"


def _body(world: World, found: Stripe, head: str, row: Callable[[Component], str]) -> str:
    text = f"    Hot spare pool: {found.hot_spare_pool}\n" if found.hot_spare_pool else ""
    if unavailable(found):
        text += "    State: Unavailable\n    Reconnect disk and invoke: metastat -i\n"
    text += f"    Size: {_size(world, found.size)}\n"
    for number, parts in enumerate(found.rows):
        interlace = f" (interlace: {found.interlace} blocks)" if len(parts) > 1 else ""
        text += f"    Stripe {number}:{interlace}\n{head}{''.join(row(c) for c in parts)}"
    return text + "\n"
