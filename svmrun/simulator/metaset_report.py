"""What `metaset` displays of a disk set (metaset.c): classic, multi-owner, and the older form of the drives."""

from __future__ import annotations

from svmrun.simulator.world import DiskSet, World

OLD_RELEASES = ("5.6", "5.7", "5.8", "5.9")  # their drives are indented, without empty lines between


def report(world: World, found: DiskSet) -> str:
    """The whole block of one set, which begins with an empty line. Ownership is asked of this node alone."""
    hosts = _multi_owner_hosts(found) if found.multi_owner else _hosts(world, found)
    drives = _old_drives(found) if world.release in OLD_RELEASES else _drives(found)
    return hosts + _mediators(found) + drives


def _hosts(world: World, found: DiskSet) -> str:
    rows = "".join(f"  {host:<17}  {_owner_word(world, found, host)}\n" for host in found.hosts)
    return f"\nSet name = {found.name}, Set number = {found.number}\n\n{'Host':<19} {'Owner':<5}\n{rows}"


def _owner_word(world: World, found: DiskSet, host: str) -> str:
    yes = host == found.owner == world.host
    if found.auto_take:
        return "Yes (auto)" if yes else "No (auto)"
    return "Yes" if yes else ""


def _multi_owner_hosts(found: DiskSet) -> str:
    head = f"\nMulti-owner Set name = {found.name}, Set number = {found.number}, Master = {found.owner or ''}\n"
    if found.drives and found.owner is None:
        head += "Master and owner information unavailable until joined (metaset -j)\n"
    rows = "".join(_member_row(found, host) for host in found.hosts)
    return f"{head}\n{'Host':<19} {'Owner':<14} {'Member':<6}\n{rows}"


def _member_row(found: DiskSet, host: str) -> str:
    joined = host in found.members
    owner = "multi-owner" if joined and found.drives else ""
    return f"  {host[:17]:<17}  {owner:<12}  {'Yes' if joined else 'No':<4}\n"


def _mediators(found: DiskSet) -> str:
    if not found.mediators:
        return ""
    rows = ""
    for mediator in found.mediators:
        host, *aliases = mediator.split(",")
        rows += f"  {host:<17}   {', '.join(aliases)}\n"
    return f"\n{'Mediator Host(s)':<19} {'Aliases':<7}\n{rows}"


def _drives(found: DiskSet) -> str:
    if not found.drives:
        return ""
    width = max(map(len, found.drives)) + 2
    rows = "".join(f"\n{drive:<{width}} {'Yes':<5}\n" for drive in found.drives)
    return f"\n{'Drive'[:width]:<{width}} {'Dbase':<5}\n{rows}"


def _old_drives(found: DiskSet) -> str:
    if not found.drives:
        return ""
    rows = "".join(f"  {drive:<17}  {'Yes':<4}\n" for drive in found.drives)
    return f"\n{'Drive':<19} {'Dbase':<5}\n{rows}"
