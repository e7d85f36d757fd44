"""A world from the `metastat -p` of a real host: its volumes as they are, everything around them invented.

The output does not tell sizes, states, owners and mounts. Every volume is taken to be in good order; stripes get 10 GB
(more when soft partitions reach further), every mirror is mounted at /export/NAME, and this host owns the sets,
as the only node of a cluster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from svmrun.errors import InvalidInput, Position, Problem, UsageError
from svmrun.simulator.metastat_reading import DEFAULT_BLOCKS, Volume, definitions, read_volume
from svmrun.simulator.metastat_tables import drive
from svmrun.simulator.svm_names import CLASSIC_NAME
from svmrun.simulator.volumes import canonical, components, set_name
from svmrun.simulator.world import DiskSet, FileSystem, Mirror, Node, OtherVolume, Stripe, Tape, World
from svmrun.simulator.world_check import world_findings


def world_from_metastat(
    text: str, *, file: str = "metastat -p", name: str = "from-metastat", host: str = "node1", mirror: str | None = None
) -> World:
    """Reads both ways to name devices, sets and the local set. `mirror` becomes the example parameter (default: the
    first one with two sides). Raises InvalidInput when the text is no such output or names what it lacks, UsageError
    for a mirror that is not there.
    """
    world = _world(_volumes(text, file), text, name, host)
    findings = world_findings(world)
    if findings:
        raise InvalidInput([Problem(f"{file}: {message}") for message, _ in findings])
    return replace(world, parameters=_example(world, mirror))


def _volumes(text: str, file: str) -> list[Volume]:
    problems: list[Problem] = []
    volumes: list[Volume] = []
    for line in definitions(text):
        try:
            volumes.append(read_volume(line.text))
        except ValueError as error:
            problems.append(Problem(str(error), Position(file, line.number), text.splitlines()[line.number - 1]))
    if not problems and not volumes:
        problems.append(Problem(f"{file} defines no volume", hint="give the output of metastat -p [-s SET]"))
    if problems:
        raise InvalidInput(problems)
    return volumes


def _world(volumes: list[Volume], text: str, name: str, host: str) -> World:
    stripes = [v for v in volumes if isinstance(v, Stripe)]
    others = [v for v in volumes if isinstance(v, OtherVolume)]
    mirrors, stripes = _sized([v for v in volumes if isinstance(v, Mirror)], stripes, _reach(others))
    late = bool(re.search(r"(?m)^\S+\s+-m\s+/dev/|\s/dev/r?dsk/", text)) or not all(map(_is_classic, volumes))
    sets = tuple(_sets(volumes, stripes, host))
    return World(
        name=name,
        host=host,
        era="B" if late else "A",
        slots="renumbered" if late else "hole",
        clustered=bool(sets),
        nodes=(Node(host),) if sets else (),
        sets=sets,
        mirrors=tuple(mirrors),
        stripes=tuple(stripes),
        others=tuple(others),
        file_systems=(FileSystem("/", "/dev/dsk/c9t9d9s0"), *_mounts(mirrors)),
        tapes=(Tape("/dev/rmt/0"),),
    )


def _is_classic(found: Volume) -> bool:
    """Older releases know no volumes of a free name."""
    pool = isinstance(found, OtherVolume) and found.kind == "hot-spare-pool"
    return pool or bool(CLASSIC_NAME.fullmatch(found.name.rpartition("/")[2]))


def _reach(others: Sequence[OtherVolume]) -> dict[str, int]:
    """How far soft partitions reach into each device, in blocks."""
    reach: dict[str, int] = {}
    for found in others:
        if found.kind == "soft-partition":
            device = canonical(found.words.split()[1])
            ends = [int(start) + int(length) for start, length in re.findall(r"-o (\d+) -b (\d+)", found.words)]
            reach[device] = max([reach.get(device, 0), *ends])
    return reach


def _sized(mirrors: list[Mirror], stripes: list[Stripe], reach: dict[str, int]) -> tuple[list[Mirror], list[Stripe]]:
    """Volumes large enough for what lies on them, and submirrors as large as their mirror."""
    sized = [replace(m, size=max(DEFAULT_BLOCKS, reach.get(m.name, 0))) for m in mirrors]
    wanted = reach | {side.name: m.size for m in sized for side in m.submirrors}
    return sized, [replace(s, size=max(DEFAULT_BLOCKS, wanted.get(s.name, 0))) for s in stripes]


def _sets(volumes: list[Volume], stripes: list[Stripe], host: str) -> Iterator[DiskSet]:
    names = dict.fromkeys(set_name(v.name) for v in volumes if set_name(v.name))
    own = {v.name for v in volumes}
    for number, name in enumerate(names, 1):
        devices = [c.device for s in stripes if set_name(s.name) == name for c in components(s) if c.device not in own]
        drives = tuple(dict.fromkeys(drive(device) for device in devices))
        yield DiskSet(name, number, (host,), host, drives)


def _mounts(mirrors: list[Mirror]) -> Iterator[FileSystem]:
    points: set[str] = set()
    for found in mirrors:
        of_set, _, unit = found.name.rpartition("/")
        point = f"/export/{unit}" if f"/export/{unit}" not in points else f"/export/{of_set}-{unit}"
        points.add(point)
        yield FileSystem(point, f"/dev/md/{of_set}/dsk/{unit}" if of_set else f"/dev/md/dsk/{unit}")


def _example(world: World, wanted: str | None) -> dict[str, str]:
    """The parameters of a backup of that mirror; none in a world without mirrors."""
    if not world.mirrors and wanted is None:
        return {}
    chosen = _chosen(world, wanted)
    mount = next(f.mount_point for f in world.file_systems if canonical(f.special) == chosen.name)
    of_set, _, unit = chosen.name.rpartition("/")
    return {"diskset": of_set, "mirror": unit, "mount_point": mount}


def _chosen(world: World, wanted: str | None) -> Mirror:
    if wanted is None:
        return next((m for m in world.mirrors if len(m.submirrors) > 1), world.mirrors[0])
    matching = [m for m in world.mirrors if wanted in (m.name, m.name.rpartition("/")[2])]
    if not matching:
        known = ", ".join(m.name for m in world.mirrors) or "no mirror at all"
        raise UsageError(f"there is no mirror {wanted!r} in this output; it defines {known}")
    return matching[0]
