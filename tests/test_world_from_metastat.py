"""A world from a real host's `metastat -p` prints those lines again, and can be worked on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svmrun.errors import InvalidInput, UsageError
from svmrun.simulator.from_metastat import world_from_metastat
from svmrun.simulator.metastat_reading import definitions
from svmrun.simulator.volumes import canonical
from tests.simulated_svm import run

CASES = Path(__file__).parent / "cases" / "simulator" / "metastat-p"
ALL = sorted(CASES.glob("*.txt"))


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_the_world_defines_the_same_volumes(path: Path) -> None:
    text = path.read_text()
    world = world_from_metastat(text)
    sets = [s.name for s in world.sets]

    _, said = run(world, f"metastat -p -s {sets[0]}" if sets else "metastat -p")

    assert said.status == 0
    assert _definitions(said.stdout) == _definitions(text)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_the_example_mirror_can_lose_and_regain_a_side(path: Path) -> None:
    world = world_from_metastat(path.read_text())
    example = world.parameters
    option = f"-s {example['diskset']} " if example["diskset"] else ""
    mirror = next(m for m in world.mirrors if m.name.endswith(example["mirror"]))

    world, detached = run(world, f"metadetach {option}{example['mirror']} {mirror.submirrors[-1].name}")
    world, attached = run(world, f"metattach {option}{example['mirror']} {mirror.submirrors[-1].name}")

    assert detached.stdout == f"{mirror.name}: submirror {mirror.submirrors[-1].name} is detached\n"
    assert attached.stdout == f"{mirror.name}: submirror {mirror.submirrors[-1].name} is attached\n"


@pytest.mark.parametrize(
    ("name", "era", "slots"), [("local-short-names", "A", "hole"), ("long-names", "B", "renumbered")]
)
def test_the_way_to_name_devices_tells_the_era(name: str, era: str, slots: str) -> None:
    world = world_from_metastat((CASES / f"{name}.txt").read_text())

    assert (world.era, world.slots) == (era, slots)


def test_the_example_is_the_mirror_that_was_asked_for() -> None:
    text = (CASES / "local-short-names.txt").read_text()

    world = world_from_metastat(text, mirror="d50")

    assert world.parameters == {"diskset": "", "mirror": "d50", "mount_point": "/export/d50"}
    with pytest.raises(UsageError, match="there is no mirror 'd9' in this output; it defines d0, d50"):
        world_from_metastat(text, mirror="d9")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "defines no volume"),
        ("Welcome to the machine\n", "here.txt:1:1: error: this is no line of metastat -p"),
        ("d1 1 1 c0t0d0s0\nd2 2 1 c0t0d0s0\n", "here.txt:2:1: error: d2 says 2 rows and has 1"),
        ("d1 1 3 c0t0d0s0\n", "d1: a row of 3 has fewer components"),
        ("d0 -m 1\n", "d0 needs one to four submirrors"),
        ("d0 -m d1 d2 1\nd1 1 1 c0t0d0s0\n", "d0 names d2, which is no stripe of this world"),
        ("d1 1 2 c0t0d0s0 c0t1d0s0 -i lots\n", "the interlace -i needs a number of blocks"),
        ("d1 1 1 c0t0d0s0\nd1 1 1 c0t0d0s0\n", "d1 is there twice"),
    ],
)
def test_an_output_that_is_none_is_refused_at_its_line(text: str, words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        world_from_metastat(text, file="here.txt")

    assert words in str(refused.value)


words = st.sampled_from(
    ["d0", "d10", "x/d0", "-m", "-p", "-r", "-t", "-i", "-h", "1", "2", "32b", "c0t0d0s0", "\\", "\n", "#"]
)


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(max_size=60), st.lists(words, max_size=20).map(" ".join)))
def test_any_text_gives_a_world_or_a_clear_refusal(text: str) -> None:
    try:
        world = world_from_metastat(text)
    except InvalidInput:
        return
    assert world.mirrors or world.stripes or world.others


def test_the_command_line_lists_shows_and_builds_worlds(tmp_path: Path) -> None:
    built = tmp_path / "built.yaml"

    listed = _svmrun("list")
    made = _svmrun("from-metastat", str(CASES / "set-full-paths.txt"), "-o", str(built))
    shown = _svmrun("show", str(built))
    unknown = _svmrun("show", "schots")

    assert "schost " in listed.stdout
    assert (made.returncode, made.stdout) == (0, "")
    assert shown.stdout == built.read_text()
    assert "name: set-full-paths" in shown.stdout
    assert unknown.returncode == 2
    assert "there is no world 'schots'" in unknown.stderr


def _svmrun(*words: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; from svmrun.cli.main import main; sys.exit(main())"
    return subprocess.run([sys.executable, "-c", program, "world", *words], capture_output=True, text=True, check=False)


def _definitions(text: str) -> list[list[str]]:
    """The lines in any order, with every device by its short name."""
    return sorted([canonical(word) for word in line.text.split()] for line in definitions(text))
