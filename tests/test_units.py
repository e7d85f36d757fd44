"""`svmrun install-units`: what it writes, read by systemd, cron's shell and an XML validator, not by us."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svmrun.units import cron, smf, systemd
from svmrun.units.model import Job
from tests.running import RUNBOOKS, SVMRUN, Ended, Scene

DTD = Path(__file__).parent / "cases" / "units" / "service_bundle.dtd"
INPUTS = ("mirror-backup", "-p", "mirror=d0", "-p", "mount_point=/global/schost-1", "-p", "diskset=schost-1")
FILES = {
    "systemd": ["svmrun-mirror-backup.service", "svmrun-mirror-backup.timer", "svmrun-recover.service"],
    "cron": ["svmrun-mirror-backup.cron"],
    "smf": ["svmrun-recover.xml"],
}


def needed(program: str, package: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"NOT TESTED: {program} is not on this machine; install {package}")
    return found


def install(scene: Scene, *arguments: str) -> Ended:
    return scene.run("install-units", *INPUTS, *arguments, SVMRUN_PATH=str(RUNBOOKS))


def accepted(*words: str, **environment: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **environment})
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def with_our_document_type(text: str) -> str:
    """Where Solaris keeps its own, other systems have none."""
    theirs = "/usr/share/lib/xml/dtd/service_bundle.dtd.1"
    assert theirs in text
    return text.replace(theirs, str(DTD))


def job(*values: str, program: str = sys.executable) -> Job:
    return Job("night", "100 % done", (program,), "/srv/a b.yaml", values, "/usr/bin:/bin", "daily", "0 2 * * *")


def test_everything_is_written_into_a_folder_of_its_own_and_told(scene: Scene) -> None:
    ended = install(scene)
    assert ended.code == 0, ended.said
    folder = scene.folder / "svmrun-units"
    assert sorted(p.name for p in folder.iterdir()) == sorted(name for names in FILES.values() for name in names)
    for line in ("systemctl enable --now svmrun-mirror-backup.timer", "svcadm enable svc:/application/svmrun/recover"):
        assert line in ended.out
    assert install(scene).code == 0, "a second time writes the same again"


@pytest.mark.parametrize("kind", FILES)
def test_one_kind_alone(scene: Scene, kind: str) -> None:
    assert install(scene, "--kind", kind, "--folder", "x").code == 0
    assert sorted(p.name for p in (scene.folder / "x").iterdir()) == FILES[kind]


def test_a_folder_of_systemd_gets_units_only_and_needs_no_copy(scene: Scene) -> None:
    ended = install(scene, "--folder", str(scene.folder / "systemd" / "system"))
    assert sorted(p.name for p in (scene.folder / "systemd" / "system").iterdir()) == FILES["systemd"]
    assert "cron" not in ended.out


@pytest.mark.parametrize("whose", ["system", "user"])
def test_systemd_accepts_the_units(scene: Scene, whose: str) -> None:
    analyze = needed("systemd-analyze", "systemd")
    option = ["--user"] if whose == "user" else []
    assert install(scene, "--kind", "systemd", "--on-calendar", "Mon..Fri 02:00", *option).code == 0
    units = [str(scene.folder / "svmrun-units" / name) for name in FILES["systemd"]]
    accepted(analyze, "verify", f"--{whose}", "--man=no", *units, XDG_RUNTIME_DIR=str(scene.folder))


def test_the_service_recovers_and_leaves_the_guard_alone(scene: Scene) -> None:
    install(scene, "--kind", "systemd")
    unit = RawConfigParser(strict=False)
    unit.read(scene.folder / "svmrun-units" / "svmrun-mirror-backup.service")
    service = unit["Service"]
    assert service["KillMode"] == "process"
    assert service["ExecStopPost"] == f"{SVMRUN} recover"
    runbook = RUNBOOKS / "mirror-backup.yaml"
    assert service["ExecStart"].startswith(f"{SVMRUN} execute {runbook} --recover-first -p mirror=d0 ")
    # What recovers must look where the run writes.
    assert (
        f"Environment=SVMRUN_STATE={scene.state}\n"
        in (scene.folder / "svmrun-units" / "svmrun-recover.service").read_text()
    )


def test_systemd_gives_the_very_words_to_the_program(tmp_path: Path) -> None:
    """Read back as systemd.service(5) says: quotes, then `%%` and `$$`."""
    words = ("-p", "a=b c", "q=\"'\\", "100%", "$HOME", "")
    line = systemd.command_line(("/bin/x", *words))
    unquoted = [re.sub(r"\\(.)", r"\1", word[1:-1]) if word[:1] == '"' else word for word in _systemd_words(line)]
    assert unquoted == ["/bin/x", *(word.replace("%", "%%").replace("$", "$$") for word in words)]
    analyze = needed("systemd-analyze", "systemd")
    for file in systemd.files(job(*words)):
        (tmp_path / file.name).write_text(file.text)
    accepted(analyze, "verify", "--man=no", *map(str, tmp_path.iterdir()))


def _systemd_words(line: str) -> list[str]:
    return re.findall(r'"(?:[^"\\]|\\.)*"|[^ "]+', line)


@pytest.mark.parametrize(
    ("calendar", "fields"),
    [
        ("*-*-* 02:00:00", "0 2 * * *"),
        ("02:30", "30 2 * * *"),
        ("daily", "0 0 * * *"),
        ("Mon..Fri 23:05", "5 23 * * 1,2,3,4,5"),
        ("Sat,Sun *-*-* 4:00", "0 4 * * 0,6"),
        ("Fri..Mon 01:00", "0 1 * * 0,1,5,6"),
        ("*-*-01 03:00:00", "0 3 1 * *"),
        ("*:15", "15 * * * *"),
        ("Sun *-*-01 03:00", None),
        ("*-*-* 02:00:30", None),
        ("Mon *-02..04-* 10:00", None),
        ("Someday 02:00", None),
        ("rubbish", None),
    ],
)
def test_a_simple_calendar_is_told_to_cron_too(calendar: str, fields: str | None) -> None:
    assert cron.from_calendar(calendar) == fields


def test_a_calendar_that_cron_cannot_say_must_be_said_for_it(scene: Scene) -> None:
    refused = install(scene, "--on-calendar", "Sun *-*-01..07 03:00")
    assert (refused.code, "--cron '0 2 * * *'" in refused.err) == (2, True)
    assert install(scene, "--on-calendar", "Sun *-*-01..07 03:00", "--cron", "0 3 1-7 * *").code == 0
    assert install(scene, "--cron", "0 3 *").code == 2


def test_the_commands_of_cron_run_with_almost_no_environment(scene: Scene) -> None:
    """As cron starts them: sh, a poor PATH, the percent signs unescaped."""
    install(scene, "--kind", "cron")
    lines = (scene.folder / "svmrun-units" / "svmrun-mirror-backup.cron").read_text().splitlines()
    jobs = [line.split(None, 5) for line in lines if not line.startswith("#")]
    assert [" ".join(fields[:5]) for fields in jobs] == ["0 2 * * *", "0,10,20,30,40,50 * * * *"]
    assert all(" PATH=/usr/sbin:" in f" {fields[5]}" for fields in jobs)
    recovering = jobs[1][5].replace(r"\%", "%")
    done = subprocess.run(["sh", "-c", recovering], env={"PATH": "/bin", "HOME": "/"}, capture_output=True, cwd="/")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\n")), min_size=1))
def test_cron_gives_the_very_words_to_the_program(words: list[str]) -> None:
    line = cron.command_line(["printf", r"%s\0", *words])
    assert not re.search(r"(?<!\\)%", line)
    done = subprocess.run(["sh", "-c", line.replace(r"\%", "%")], capture_output=True)
    assert done.stdout == b"".join(os.fsencode(word) + b"\0" for word in words)


def test_a_value_with_a_line_break_is_refused_for_cron() -> None:
    with pytest.raises(ValueError, match="--params-file"):
        cron.files(job("-p", "a=b\nc"))


@pytest.mark.parametrize("user", ["", "operator"])
def test_the_manifest_keeps_to_the_document_type_of_smf(tmp_path: Path, user: str) -> None:
    xmllint = needed("xmllint", "libxml2-utils")
    odd = Job("n", "d", ("/opt/a & b/<svmrun>",), "/r", (), '/bin:"x"', "daily", environment={"A": "'"}, user=user)
    (file,) = smf.files(odd)
    (tmp_path / file.name).write_text(with_our_document_type(file.text))
    accepted(xmllint, "--noout", "--nonet", "--valid", str(tmp_path / file.name))
    start = ElementTree.fromstring(file.text).find(".//exec_method[@name='start']")
    assert start is not None
    assert start.get("exec") == "'/opt/a & b/<svmrun>' recover"


def test_the_document_type_refuses_what_smf_would(tmp_path: Path) -> None:
    xmllint = needed("xmllint", "libxml2-utils")
    (file,) = smf.files(job())
    wrong = tmp_path / file.name
    for old, new in (('value="Unstable"', 'value="Fine"'), ("<single_instance/>", ""), ('version="1"', "")):
        text = file.text.replace(old, new)
        if old == "<single_instance/>":  # it must stand before the dependencies
            text = text.replace("</service>", f"{old}</service>")
        wrong.write_text(with_our_document_type(text))
        done = subprocess.run([xmllint, "--noout", "--nonet", "--valid", str(wrong)], capture_output=True)
        assert done.returncode != 0, old


def test_what_would_fail_every_night_is_refused_now(scene: Scene) -> None:
    for wrong in (("-p", "mirorr=d0"), ("-p", "filesystem=zfs"), ("--params-file", "nowhere.yaml")):
        ended = install(scene, *wrong)
        assert ended.code == 3, ended.said
    assert scene.run("install-units", "mirror-backup", SVMRUN_PATH=str(RUNBOOKS)).code == 3, "no mirror is named"
    assert not (scene.folder / "svmrun-units").exists()


def test_a_secret_never_gets_into_a_unit(scene: Scene) -> None:
    runbook = scene.folder / "secretive.yaml"
    runbook.write_text(
        "schema: svmrun/v1\nname: secretive\ndescription: x\nparameters:\n"
        "  key: {type: string, secret: true, description: x}\n"
        "steps:\n  - {id: a, name: a, command: {argv: [echo, '{{ key }}']}}\n"
    )
    refused = scene.run("install-units", str(runbook), "-p", "key=hunter2")
    assert (refused.code, "hunter2" in refused.said) == (3, False)
    (scene.folder / "key").write_text("hunter2")
    ended = scene.run("install-units", str(runbook), "-p", f"key=@{scene.folder / 'key'}")
    assert ended.code == 0, ended.said
    assert not any("hunter2" in path.read_text() for path in (scene.folder / "svmrun-units").iterdir())


def test_a_file_of_somebody_else_is_not_overwritten(scene: Scene) -> None:
    folder = scene.folder / "svmrun-units"
    folder.mkdir()
    (folder / "svmrun-recover.service").write_text("[Service]\nExecStart=/bin/mine\n")
    ended = install(scene)
    assert (ended.code, "was not written by install-units" in ended.err) == (2, True)
    assert [path.name for path in folder.iterdir()] == ["svmrun-recover.service"]
