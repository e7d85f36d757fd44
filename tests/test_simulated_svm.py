"""The volume manager's commands, word by word: formats, streams, exit codes, order of checks, refusals."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from svmrun import simulator
from svmrun.simulator.component_transitions import component_fails
from svmrun.simulator.metastat_words import size_text
from svmrun.simulator.mirror_transitions import attach, detach, offline
from svmrun.simulator.refusal import Refusal
from svmrun.simulator.volumes import canonical, mirror, mirror_of, open_error, owned, settle, stripe
from svmrun.simulator.world import OpenDevice, Resync, World
from tests.simulated_svm import CASES, play, run, shipped


@pytest.mark.parametrize("path", sorted(CASES.glob("*.txt")), ids=lambda path: path.stem)
def test_commands_print_and_refuse_as_the_script_says(path: Path) -> None:
    written, played = play(path.read_text())

    assert played == written


# What the driver refuses, and no command line can reach: the library refuses it first, or the name cannot be written.
OF_THE_DRIVER = [
    (detach, "schost-1/d10", "schost-1/d30", "unit is not a mirror"),
    (attach, "schost-1/d0", "schost-1/d10", "metadevice in use"),
    (attach, "schost-1/d0", "schost-1/d77", "invalid unit"),
]
UNREACHABLE = ("device not in set",)  # a volume of another set has another name, and that is refused before


@pytest.mark.parametrize(("change", "name", "submirror", "words"), OF_THE_DRIVER)
def test_the_driver_refuses_what_the_library_lets_pass(
    change: Callable[[World, str, str], World], name: str, submirror: str, words: str
) -> None:
    with pytest.raises(Refusal, match=words):
        change(shipped("schost"), name, submirror)


def test_every_refusal_has_a_row() -> None:
    scripts = "".join(path.read_text() for path in sorted(CASES.parent.glob("*/*.txt")))
    tried = scripts + "".join(words for *_, words in OF_THE_DRIVER)
    missing = {text for text in _refusals() if not all(part in tried for part in text)}
    assert missing == {(text,) for text in UNREACHABLE}


def _refusals() -> Iterator[tuple[str, ...]]:
    """The texts of every refusal in the models, without what they insert."""
    for path in sorted(Path(simulator.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal" and len(node.args) > 1:
                parts = node.args[1].values if isinstance(node.args[1], ast.JoinedStr) else [node.args[1]]
                texts = tuple(p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str))
                if texts:
                    yield texts


@pytest.mark.parametrize(
    ("blocks", "text"),
    [
        (20_971_520, "10 GB"),
        (20_963_328, "10.0 GB"),
        (10_485_760, "5.0 GB"),
        (525_798, "256 MB"),
        (41_844_736, "19 GB"),
        (4_294_967_296, "2.0 TB"),
    ],
)
def test_sizes_are_rounded_below_ten_units_and_cut_off_above(blocks: int, text: str) -> None:
    assert size_text(blocks) == text


def test_a_mirror_above_one_terabyte_tells_tenths_of_a_percent() -> None:
    world = shipped("resyncing")
    large = replace(world.mirrors[0], size=4_294_967_296, resync=Resync(1000.0, world.clock, 425.0))
    world = replace(world, mirrors=(large,))

    assert "    Resync in progress: 42.5 % done\n" in run(world, "metastat -s schost-1 d0")[1].stdout
    assert "schost-1/d30 (resync-42.5%)" in run(world, "metastat -s schost-1 -c d0")[1].stdout


def test_a_last_erred_component_is_repaired_after_those_in_maintenance() -> None:
    world = component_fails(shipped("solaris9-two-way"), "d20", "c0t0d0s7")
    world = component_fails(world, "d20", "c0t1d0s7")

    report = run(world, "metastat")[1].stdout
    world, early = run(world, "metareplace -e d20 c0t1d0s7")
    world, first = run(world, "metareplace -e d20 c0t0d0s7")
    world = settle(replace(world, clock=world.clock + world.resync_seconds))
    world, then = run(world, "metareplace -e d20 c0t1d0s7")

    advice = 'after replacing "Maintenance" components:\n\t\tmetareplace d20 c0t1d0s7 <new device>\n'
    assert f"    Invoke: {advice}" in report
    assert 'Replace "Maintenance" components first' in early.stderr
    assert (first.status, then.status) == (0, 0)


def test_a_side_detached_under_the_write_lock_is_one_moment() -> None:
    world = shipped("locked")

    after = detach(world, "schost-1/d0", "schost-1/d30")

    assert _image(after, "schost-1/d30") == "moment"
    assert stripe(after, "schost-1/d30").last_mounted == "/global/schost-1"  # type: ignore[union-attr]


@pytest.mark.parametrize("leave", [detach, offline])
def test_a_side_that_leaves_while_writers_go_on_is_a_crash_image(leave: object) -> None:
    after = leave(shipped("schost"), "schost-1/d0", "schost-1/d30")  # type: ignore[operator]

    assert _image(after, "schost-1/d30") == "crash"


def test_a_raw_volume_is_one_moment_only_when_nobody_writes() -> None:
    world = shipped("raw-volume")

    assert _image(detach(world, "books_m1", "books_s2"), "books_s2") == "crash"
    assert _image(detach(replace(world, opens=()), "books_m1", "books_s2"), "books_s2") == "moment"


def test_a_side_detached_in_the_middle_of_a_cancelled_resync_is_mixed() -> None:
    world, _ = run(shipped("resyncing"), "metasync -s schost-1 -c d0")

    assert _image(detach(world, "schost-1/d0", "schost-1/d30"), "schost-1/d30") == "mixed"


def test_an_attached_side_is_overwritten_whole_and_live_again_after_its_resync() -> None:
    world = attach(shipped("detached"), "schost-1/d0", "schost-1/d30")
    assert _image(world, "schost-1/d30") == "mixed"

    almost = settle(replace(world, clock=world.clock + 599.9))
    whole = settle(replace(world, clock=world.clock + 600))

    assert mirror(almost, "schost-1/d0").resync is not None  # type: ignore[union-attr]
    assert mirror(whole, "schost-1/d0").resync is None  # type: ignore[union-attr]
    assert _image(whole, "schost-1/d30") == "live"


def test_a_side_that_somebody_has_open_is_not_attached() -> None:
    dumping = OpenDevice(77, "/dev/md/schost-1/rdsk/d30")
    world = replace(shipped("detached"), opens=(dumping,))

    _, said = run(world, "metattach -s schost-1 d0 d30")

    assert said.stderr == "metattach: phys-schost-1: schost-1/d30: metadevice is open\n\n"
    assert said.status == 1


def test_a_fifth_side_and_a_small_one_are_not_attached() -> None:
    world = shipped("detached")
    small = replace(stripe(world, "schost-1/d30"), name="schost-1/d40", size=8)  # type: ignore[type-var]
    world = replace(world, stripes=(*world.stripes, small))  # type: ignore[arg-type]

    with pytest.raises(Refusal, match="submirror too small to attach"):
        attach(world, "schost-1/d0", "schost-1/d40")
    full = replace(world.mirrors[0], submirrors=world.mirrors[0].submirrors * 2)
    with pytest.raises(Refusal, match="mirror has maximum number of submirrors"):
        attach(replace(world, mirrors=(full,)), "schost-1/d0", "schost-1/d30")


@pytest.mark.parametrize(
    ("world_name", "path", "writing", "words"),
    [
        ("schost", "/dev/md/schost-1/rdsk/d30", True, "Read-only file system"),
        ("schost", "/dev/md/schost-1/rdsk/d30", False, None),
        ("offline", "/dev/md/schost-1/rdsk/d30", True, "Read-only file system"),
        ("detached", "/dev/md/schost-1/rdsk/d30", True, None),
        ("no-owner", "/dev/md/schost-1/rdsk/d30", False, "No such device"),
        ("schost", "/dev/md/schost-1/dsk/d77", False, "No such device or address"),
        ("schost", "/dev/rdsk/c0t0d0s0", True, None),
    ],
)
def test_opens_of_devices_fail_as_the_driver_says(world_name: str, path: str, writing: bool, words: str | None) -> None:
    assert open_error(shipped(world_name), path, writing) == words


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/dev/md/schost-1/rdsk/d30", "schost-1/d30"),
        ("/dev/md/rdsk/books_m1", "books_m1"),
        ("/dev/md/dsk/d0", "d0"),
        ("/dev/did/rdsk/d4s0", "d4s0"),
        ("/dev/rdsk/c0t0d0s7", "c0t0d0s7"),
        ("/dev/dsk/emcpower0c", "/dev/dsk/emcpower0c"),
        ("/dev/rmt/0", "/dev/rmt/0"),
        ("schost-1/d0", "schost-1/d0"),
    ],
)
def test_every_way_to_write_a_device_has_one_name(path: str, name: str) -> None:
    assert canonical(path) == name


def test_a_set_without_drives_is_owned_by_everybody() -> None:
    world = shipped("no-owner")
    assert not owned(world, "schost-1/d0")

    empty = replace(world, sets=(replace(world.sets[0], drives=()),))

    assert owned(empty, "schost-1/d0")
    assert owned(world, "d5")


def test_a_side_knows_its_mirror() -> None:
    world = shipped("detached")

    found = mirror_of(world, "schost-1/d20")

    assert found is not None
    assert found.name == "schost-1/d0"
    assert mirror_of(world, "schost-1/d30") is None


def _image(world: World, name: str) -> str:
    found = stripe(world, name)
    assert found is not None
    return found.image
