from __future__ import annotations

import pytest

from svmrun import names
from svmrun.adapters.base import Arguments, Command
from svmrun.adapters.registry import REGISTRY, adapters
from tests import adapter_cases

SVM = ("metaset", "metastat", "metadetach", "metattach", "metaoffline", "metaonline", "metasync")
UFS = ("lockfs", "fsck", "ufsdump", "ufsrestore")
PAIR = {"diskset": "harbour", "mirror": "d0", "submirror": "d20"}
LAYOUT = {"volumes": {"harbour/d0": {"type": "mirror", "submirrors": ["harbour/d10", "harbour/d20"], "pass": 1}}}
CONCISE = {"volumes": {"harbour/d0": {"members": [{"name": "harbour/d20", "state": "offline"}]}}}


def command(name: str, arguments: Arguments) -> Command:
    return REGISTRY[name].command_line(REGISTRY[name].complete(arguments))


@pytest.mark.parametrize("name", adapter_cases.names(*SVM))
def test_an_output_is_read_as_a_person_reads_it(name: str) -> None:
    case = adapter_cases.load(name)
    outcome = case.run()
    assert outcome.kind == case.head["outcome"], outcome.message
    assert case.head.get("message", "") in outcome.message
    assert adapter_cases.holds(case.head.get("result", {}), outcome.result or {})
    assert outcome.untouched is case.head.get("untouched", False)


@pytest.mark.parametrize("name", [*SVM, *UFS])
def test_every_argument_is_explained_and_has_an_example(name: str) -> None:
    adapter = adapters()[name]
    assert adapter.name == name
    assert adapter.schema["additionalProperties"] is False
    for field in adapter.schema["properties"].values():
        assert field["title"]
        assert field["description"].endswith(".")
        assert field["examples"]


@pytest.mark.parametrize(
    ("name", "result", "present"),
    [
        ("metadetach", LAYOUT, False),
        ("metattach", LAYOUT, True),
        ("metadetach", {"volumes": {}}, None),
        ("metattach", {"volumes": {}}, None),
        ("metadetach", {"volumes": {"harbour/d0": {"type": "mirror", "submirrors": ["harbour/d10"]}}}, True),
        ("metaoffline", CONCISE, True),
        ("metaonline", CONCISE, False),
        ("metaoffline", {"volumes": {}}, None),
    ],
)
def test_a_probe_tells_whether_the_effect_is_there(name: str, result: object, present: bool | None) -> None:
    probe = REGISTRY[name].probe(REGISTRY[name].complete(PAIR))
    assert probe is not None
    assert probe.present(result) is present
    asked = REGISTRY[probe.adapter]
    assert asked.read_only(asked.complete(probe.arguments))
    assert asked.command_line(asked.complete(probe.arguments)).argv[-1] == "d0"


@pytest.mark.parametrize("mirror", ["d0", "harbour/d0", "/dev/md/harbour/dsk/d0", "/dev/md/harbour/rdsk/d0"])
def test_every_form_of_a_mirrors_name_is_one_resource(mirror: str) -> None:
    assert REGISTRY["metadetach"].resource({**PAIR, "mirror": mirror}) == "mirror harbour/d0"


def test_what_undoes_a_detach_is_an_attach_of_the_same_submirror() -> None:
    undo = REGISTRY["metadetach"].inverse({**PAIR, "force": False})
    assert undo is not None
    assert command(undo.adapter, undo.arguments).argv == ("metattach", "-s", "harbour", "d0", "d20")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({**PAIR, "submirror": "other/d20"}, "does not lie in the disk set"),
        ({**PAIR, "submirror": "d0"}, "submirror of itself"),
        ({**PAIR, "submirror": "-f"}, "start with '-'"),
        ({**PAIR, "diskset": "-f"}, "start with '-'"),
        ({**PAIR, "mirror": "/etc/passwd"}, "is not the path of a volume"),
        ({**PAIR, "diskset": "", "mirror": "a/b/d0"}, "cannot be the name of a disk set"),
    ],
)
def test_names_that_do_not_fit_together_are_refused(arguments: Arguments, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        command("metadetach", arguments)


def test_the_report_of_several_resyncs_tells_the_slowest() -> None:
    report = "d0: Mirror\n  Resync in progress: 42 % done\nd1: Mirror\n  Resync in progress: 7.5% done\n"
    assert REGISTRY["metastat"].progress({}, report) == 7.5
    assert REGISTRY["metastat"].progress({}, "no resync here") is None


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("/dev/md/rdsk/d10", "d10"),
        ("/dev/md//rdsk/d10", "d10"),
        ("/dev/md/rdsk/rdsk/d10", "rdsk/d10"),
        ("/dev/did/rdsk/d4s0", "d4s0"),
        ("/dev/dsk/emcpower0c", "emcpower0c"),
        ("/dev/vx/dsk/vol", "/dev/vx/dsk/vol"),
    ],
)
def test_a_path_becomes_its_short_name(name: str, canonical: str) -> None:
    assert names.canonical(name) == canonical


def test_a_volume_has_a_raw_and_a_block_device() -> None:
    assert names.raw_device("d30", "harbour") == "/dev/md/harbour/rdsk/d30"
    assert names.raw_device("d30") == "/dev/md/rdsk/d30"
    assert names.block_device("/dev/md/harbour/rdsk/d30") == "/dev/md/harbour/dsk/d30"
    assert names.base_name("harbour/d30") == "d30"
    assert names.disk_set("harbour/d30") == "harbour"
    assert names.disk_set("d30") == ""
