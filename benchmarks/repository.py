"""What does a repository of 500 runbooks cost, for each runbook after start-up? Beside Ansible on such playbooks.

    python -m benchmarks.repository [ROUNDS] [--count 500] [--sample 30] [--without-ansible]

A figure is the time of all files less that of one, divided by the others: so nobody's start-up counts. Times are of the
processor, on one core, all child processes included; another one's load does not count. `plan` works on one runbook at
a time and asks the host: it is measured within one process, its facts read from a simulated world in memory.

Ansible is installed into a cache of its own at the first time. ansible-lint is slow: it gets a sample, and the figure
is still one for each playbook. It finds nothing in these playbooks: they are as it wants them.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import SVMRUN, Place, milliseconds, place, tell
from benchmarks.playbook import playbook
from benchmarks.runbook_set import Written, runbook_set
from svmrun.adapters.registry import adapters
from svmrun.plan.holds import worst_case_seconds
from svmrun.report.plan_document import PlanView, plan_text
from svmrun.runbook.load import load_runbook
from svmrun.runbook.parameters import Origins, given
from svmrun.runbook.source import load
from svmrun.simulator.world import World
from svmrun.simulator.world_file import load_world
from svmrun.verify.prepare import Preparation

AIM_SECONDS = 0.010
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "svmrun-benchmark" / "ansible"
AUTHOR = {f"GIT_{who}_{what}": "benchmark" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
Measure = Callable[[], float]


@dataclass(frozen=True)
class Scene:
    """A git repository: its runbooks as they were (tag `before`), one of them changed (`one`), all (`after`)."""

    here: Place
    files: tuple[Path, ...]

    @property
    def environment(self) -> dict[str, str]:
        return {**self.here.environment, **AUTHOR, "ANSIBLE_HOME": str(self.here.folder / "ansible")}

    def seconds(self, *command: str | Path) -> float:
        """The processor's time for it and its children. 1 is what `lint` ends with when it finds something."""
        before = os.times()
        words = [str(word) for word in command]
        ended = subprocess.run(words, cwd=self.here.folder, env=self.environment, capture_output=True, check=False)
        after = os.times()
        if ended.returncode not in (0, 1):
            sys.exit(f"{words[:4]}: exit {ended.returncode}\n{ended.stderr.decode(errors='replace')[-2000:]}")
        return after.children_user + after.children_system - before.children_user - before.children_system

    def each(self, command: Sequence[str | Path], one: Sequence[str | Path], many: Sequence[str | Path]) -> float:
        """Seconds for each file after the first."""
        return (self.seconds(*command, *many) - self.seconds(*command, *one)) / (len(self.files) - 1)


def scene(here: Place, runbooks: Sequence[Written]) -> Scene:
    (here.folder / "runbooks").mkdir()
    files = tuple(Path("runbooks", f"{runbook.name}.yaml") for runbook in runbooks)
    found = Scene(here, files)
    found.seconds("git", "init", "--quiet")
    for tag, changed in (("before", 0), ("one", 1), ("after", len(runbooks))):
        for number, (runbook, file) in enumerate(zip(runbooks, files, strict=True)):
            here.write(str(file), runbook.changed if number < changed else runbook.text)
        found.seconds("git", "add", "--all", "runbooks")
        found.seconds("git", "commit", "--quiet", "--message", tag)
        found.seconds("git", "tag", tag)
    return found


def own_measures(found: Scene, runbooks: Sequence[Written]) -> dict[str, Measure]:
    one = found.files[:1]
    return {
        "svmrun validate": lambda: found.each((*SVMRUN, "validate"), one, found.files),
        "svmrun lint": lambda: found.each((*SVMRUN, "lint"), one, found.files),
        "svmrun diff": lambda: found.each((*SVMRUN, "diff"), ("before..one",), ("before..after",)),
        "svmrun plan, within one process": lambda: plan_seconds(runbooks),
    }


def plan_seconds(runbooks: Sequence[Written]) -> float:
    """Each from its text to the text that a person reviews."""
    worlds = {name: load_world(name, load) for name in {runbook.world for runbook in runbooks}}
    _plan(runbooks[0], worlds)
    gc.collect()
    began = time.process_time()
    for runbook in runbooks[1:]:
        _plan(runbook, worlds)
    return (time.process_time() - began) / (len(runbooks) - 1)


def _plan(written: Written, worlds: Mapping[str, World]) -> str:
    world = worlds[written.world]
    runbook = load_runbook(written.name, written.text.encode(), adapters())
    origins = Origins([], None, {}, world.parameters, lambda _path: "", None)
    plan = Preparation(runbook, adapters(), world, given(runbook, origins)).desk().plan
    return plan_text(PlanView(plan, lambda action: (action.adapter,), worst_case_seconds(plan)))


def ansible_measures(found: Scene, runbooks: Sequence[Written], sample: int) -> dict[str, Measure]:
    programs = installed_ansible()
    names = [_playbook(found.here, runbook) for runbook in runbooks]
    some = Scene(found.here, found.files[:sample])
    check = (programs / "ansible-playbook", "--syntax-check", "--inventory", "localhost,")
    linter = (programs / "ansible-lint", "--offline", "-q", "--nocolor")
    return {
        "ansible-playbook --syntax-check": lambda: found.each(check, names[:1], names),
        f"ansible-lint, a sample of {sample}": lambda: some.each(linter, names[:1], names[:sample]),
    }


def installed_ansible() -> Path:
    """The folder of its programs."""
    if not (CACHE / "bin" / "ansible-lint").exists():
        print(f"ansible-lint and ansible-core are installed into {CACHE}", flush=True)
        venv.create(CACHE, with_pip=True)
        install = (CACHE / "bin" / "python", "-m", "pip", "install", "--quiet", "ansible-core", "ansible-lint")
        subprocess.run(install, check=True)
    return CACHE / "bin"


def _playbook(here: Place, written: Written) -> str:
    runbook = load_runbook(written.name, written.text.encode(), adapters())
    (here.folder / "playbooks").mkdir(exist_ok=True)
    return str(here.write(f"playbooks/{written.name}.yaml", playbook(runbook)).relative_to(here.folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("rounds", nargs="?", type=int, default=2, help="the least of them counts (default: 2)")
    parser.add_argument("--count", type=int, default=500, help="runbooks (default: 500)")
    parser.add_argument("--sample", type=int, default=30, help="playbooks for ansible-lint (default: 30)")
    parser.add_argument("--without-ansible", action="store_true", help="svmrun alone")
    options = parser.parse_args()
    runbooks = runbook_set(options.count)
    with place() as here:
        found = scene(here, runbooks)
        own = own_measures(found, runbooks)
        others = {} if options.without_ansible else ansible_measures(found, runbooks, options.sample)
        measures = {**own, **others}
        taken = [{name: measure() for name, measure in measures.items()} for _ in range(options.rounds)]
        _report({name: min(one[name] for one in taken) for name in measures}, own)


def _report(least: Mapping[str, float], own: Mapping[str, Measure]) -> None:
    print("for each runbook, after start-up, on one core")
    for name in own:
        tell(name, milliseconds(least[name]), milliseconds(AIM_SECONDS), least[name] < AIM_SECONDS)
    for name in least.keys() - own.keys():
        tell(name, milliseconds(least[name]))
        for mine in own:
            tell(f"  against {mine.split(',')[0]}", f"{least[name] / least[mine]:.1f} times")


if __name__ == "__main__":
    main()
