"""The house rules, as tests: who may know whom, what may be touched where, and how large a part may grow."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from svmrun.cli.commands import COMMANDS
from svmrun.simulator.other_commands import OTHER_COMMANDS

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = PROJECT / "svmrun"
MOST_LINES = 350

# Words, errors, values: everybody may know them, they know nobody.
GROUND = {"errors", "names", "duration", "values", "windows"}
MODELS = {"adapters.base", "runbook.model", "plan.model", "core.events", "diagnosis.model", "review.model"}

# Room -> what it may import of svmrun, besides itself and the ground. A room is a package or module right under
# svmrun, or the model that a package shares with others. What stands lower never knows what stands higher.
FLOORS: dict[str, set[str]] = {
    **{room: set() for room in (*GROUND, *MODELS)},
    # pure packages: they know each other's models only; who reviews, reads runbooks as they are written
    "adapters": {"adapters.base"},
    "runbook": {"runbook.model", "adapters.base"},
    "plan": {"plan.model", "runbook.model", "adapters.base"},
    "core": {"core.events", "plan.model"},
    "simulator": set(),
    "diagnosis": {"diagnosis.model"},
    "units": set(),
    "review": {"review.model", "runbook", "runbook.model", "plan", "plan.model", "adapters.base"},
    "lint": {"runbook", "runbook.model", "adapters.base"},
    "manual": {"review", "runbook", "runbook.model", "adapters.base", "report.markdown", "report.words"},
    "editor": {"manual", "lint", "review", "runbook", "runbook.model", "adapters.base"},
    "drafting": {"runbook", "runbook.model"},
    # the one loop knows neither commands nor files
    "interpreter": {"core", "core.events", "plan.model"},
    # what tells, and what touches the machine
    "report": {"core", *MODELS},
    "effects": {"adapters", "core", "plan", "runbook", "report.observer", *MODELS},
    # a run, put together
    "target": {"effects", "runbook", "simulator"},
    "conduct": {"interpreter", "effects", "core", *MODELS},
    "preparation": {"effects", "runbook", "plan", *MODELS},
    "guarding": {"effects", "plan", *MODELS},
    "refusal": {"target", "simulator", "effects", "plan", *MODELS},
    "recovery": {"conduct", "target", "effects", "core", *MODELS},
    # every failure of a run, tried in memory
    "verify": {
        *("preparation", "refusal", "guarding", "interpreter", "effects", "report.observer", "report.verified"),
        *("adapters", "core", "plan", "runbook", "simulator", *MODELS),
    },
}
TOP = "cli"  # the only wiring: it may import everything, and nothing imports it

PURE = {
    *GROUND,
    "runbook",
    "plan",
    "core",
    "adapters",
    "interpreter",
    "simulator",
    "diagnosis",
    "review",
    "lint",
    "manual",
    "editor",
    "drafting",
    "units",
}
# The simulator's second face is real programs: these modules of it touch the machine.
SIMULATED_PROGRAMS = {"install", "real_process", "shim", "state_file", "world_file", "writer"}
IMPURE_LIBRARIES = {
    *(
        "os",
        "sys",
        "io",
        "pathlib.Path",
        "shutil",
        "tempfile",
        "glob",
        "fcntl",
        "subprocess",
        "multiprocessing",
        "pexpect",
    ),
    *("time", "random", "secrets", "socket", "select", "threading", "asyncio", "urllib.request", "http", "logging"),
}
HEAVY_LIBRARIES = {"yaml", "jinja2", "jsonschema", "rich", "pexpect", "pygls"}


@cache
def modules() -> dict[str, ast.Module]:
    """Every module by its name under svmrun (`adapters.judge`), parsed, and every package that is more than words."""
    paths = {path.relative_to(PACKAGE).with_suffix(""): path for path in PACKAGE.rglob("*.py")}
    trees = {
        ".".join(name.parts).removesuffix("__init__").rstrip("."): ast.parse(path.read_text(encoding="utf-8"))
        for name, path in paths.items()
    }
    return {name: tree for name, tree in trees.items() if name and len(tree.body) > 1}


def imports(tree: ast.Module) -> Iterator[str]:
    """Dotted names, wherever in the module they are imported; those for the type checker alone are left out."""
    unseen: list[ast.AST] = [tree]
    while unseen:
        node = unseen.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        unseen.extend(ast.iter_child_nodes(node))


@cache
def own_imports(module: str) -> frozenset[str]:
    """The modules of svmrun that it imports; the package itself (its version) is not one."""
    found = imports(modules()[module])
    dotted = {name.removeprefix("svmrun.") for name in found if name.startswith("svmrun.")}
    return frozenset(name if name in modules() else name.rpartition(".")[0] for name in dotted) & set(modules())


def libraries(module: str) -> set[str]:
    return {name.partition(".")[0] for name in imports(modules()[module])}


def room(module: str) -> str:
    """A model may be a package itself."""
    model = next((model for model in MODELS if f"{module}.".startswith(f"{model}.")), None)
    return model or module.partition(".")[0]


def test_imports_only_go_down() -> None:
    wrong = [
        f"svmrun.{module} imports svmrun.{other}, and {room(module)} may not know {room(other)}"
        for module in modules()
        if room(module) != TOP
        for other in own_imports(module)
        if room(other) != room(module) and not {other, room(other)} & (FLOORS.get(room(module), set()) | GROUND)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_room_has_a_floor() -> None:
    assert {room(module) for module in modules()} == {*FLOORS, TOP}


def test_no_modules_import_each_other_in_a_circle() -> None:
    try:
        TopologicalSorter({module: own_imports(module) for module in modules()}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_pure_rooms_touch_nothing() -> None:
    wrong = [
        f"svmrun.{module} imports {name}"
        for module in pure_modules()
        for name in imports(modules()[module])
        if any(f"{name}.".startswith(f"{library}.") for library in IMPURE_LIBRARIES)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_pure_rooms_do_not_look_at_the_clock_nor_open_files() -> None:
    wrong = [
        f"svmrun.{module} calls {called}"
        for module in pure_modules()
        for called in calls(modules()[module])
        if called in ("open", "input")
        or called.endswith(("datetime.now", ".today", ".utcnow", ".read_text", ".read_bytes"))
    ]
    assert not wrong, "\n".join(wrong)


def pure_modules() -> list[str]:
    programs = {f"simulator.{name}" for name in SIMULATED_PROGRAMS}
    return [module for module in modules() if module.split(".")[0] in PURE and module not in programs]


def calls(tree: ast.Module) -> list[str]:
    return [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_nothing_prints_but_the_report_and_the_command_line() -> None:
    wrong = [m for m, tree in modules().items() if room(m) not in ("report", TOP) and "print" in calls(tree)]
    assert not wrong


def test_nothing_ends_the_process_but_the_command_line_and_simulated_programs() -> None:
    ends = {"sys.exit", "os._exit", "exit", "quit"}
    wrong = [m for m, t in modules().items() if room(m) not in (TOP, "simulator") and ends & set(calls(t))]
    assert not wrong


def test_only_the_command_line_catches_everything() -> None:
    wrong = [
        f"svmrun.{module}:{node.lineno}"
        for module, tree in modules().items()
        if module != "cli.main"
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and catches_all(node) and not raises_again(node)
    ]
    assert not wrong


def catches_all(handler: ast.ExceptHandler) -> bool:
    caught = "" if handler.type is None else ast.unparse(handler.type)
    return handler.type is None or caught in ("Exception", "BaseException")


def raises_again(handler: ast.ExceptHandler) -> bool:
    """Tidying up on the way out is no catching."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_no_file_is_too_long_to_be_read_at_once() -> None:
    files = [*PACKAGE.rglob("*.py"), *(PROJECT / "tests").rglob("*.py"), *(PROJECT / "benchmarks").glob("*.py")]
    lengths = {str(path.relative_to(PROJECT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert not {name: length for name, length in lengths.items() if length > MOST_LINES}


def test_a_heavy_library_is_imported_only_by_modules_whose_work_needs_it() -> None:
    users = {library: {module for module in modules() if library in libraries(module)} for library in HEAVY_LIBRARIES}
    assert users["yaml"] <= {m for m in modules() if room(m) in ("runbook", TOP)}
    assert users["jinja2"] <= {m for m in modules() if room(m) == "runbook"}
    assert users["pexpect"] <= {m for m in modules() if room(m) == "effects"}
    assert users["pygls"] <= {"cli.lsp", "cli.lsp_server"}
    assert users["rich"] <= {m for m in modules() if room(m) == "report"}


def test_no_module_is_dead() -> None:
    imported = set().union(*map(own_imports, modules()))
    in_tables = {module.removeprefix("svmrun.") for module, _summary in COMMANDS.values()}
    in_tables |= {f"simulator.{place.partition(':')[0]}" for place in OTHER_COMMANDS.values()}
    started = {"cli.main", "simulator.shim", "simulator.quick_dataclasses", "simulator.quick_typing", "report.schemas"}
    faces = {"simulator.host"}  # the simulated host within the process
    dead = set(modules()) - imported - in_tables - started - faces
    assert dead == set()


@pytest.mark.parametrize("unfinished", ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error", "pytest.mark." + "skip"])
def test_nothing_is_left_for_later(unfinished: str) -> None:
    files = [*PACKAGE.rglob("*.py"), *(PROJECT / "tests").rglob("*.py"), *(PROJECT / "runbooks").glob("*.yaml")]
    assert not [path for path in files if unfinished in path.read_text(encoding="utf-8")]


def test_the_simulated_programs_start_without_the_rest_of_svmrun() -> None:
    """They start a hundred times in a test; what they import is what a run of them costs."""
    listing = "import sys; import svmrun.simulator.shim; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY_LIBRARIES & set(loaded)
    rooms = {name.split(".")[1] for name in loaded if name.startswith("svmrun.")}
    assert rooms <= {"simulator", *GROUND}
