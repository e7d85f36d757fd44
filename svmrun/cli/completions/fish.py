"""The script for fish."""

from __future__ import annotations

from collections.abc import Sequence

from svmrun.cli.completions.grammar import NO_NAMES, CommandGrammar, Names, Option, Value, with_names

HEAD = """# fish completion of svmrun, made by: svmrun completion fish
function __svmrun_runs
    set -l state $SVMRUN_STATE
    test -z "$state"; and test (id -u) -eq 0; and set state /var/lib/svmrun
    test -z "$state"; and test -n "$XDG_STATE_HOME"; and set state $XDG_STATE_HOME/svmrun
    test -z "$state"; and set state ~/.local/state/svmrun
    echo last
    command ls $state/runs 2>/dev/null
end
function __svmrun_runbooks
    string split ' ' '@runbook@'
    __fish_complete_suffix .yaml .yml
end
function __svmrun_worlds
    string split ' ' '@world@'
    __fish_complete_suffix .yaml .yml
end
function __svmrun_at
    set -l words (commandline -opc)
    for word in svmrun $argv
        test (count $words) -gt 0; and test (basename -- $words[1]) = $word; or return 1
        set -e words[1]
    end
end
function __svmrun_below
    __svmrun_at $argv; and test (count (commandline -opc)) -eq (math 1 + (count $argv))
end
complete -c svmrun -f
complete -c svmrun -n __fish_use_subcommand -l help -d 'show help'
complete -c svmrun -n __fish_use_subcommand -l version -d 'show the version'
"""
ACTIONS = {
    "file": "-r -F",
    "folder": "-x -a '(__fish_complete_directories)'",
    "runbook": "-x -a '(__svmrun_runbooks)'",
    "world": "-x -a '(__svmrun_worlds)'",
    "run": "-x -a '(__svmrun_runs)'",
    "free": "-x",
}


def script(commands: Sequence[CommandGrammar], names: Names = NO_NAMES) -> str:
    return with_names(HEAD, names) + "".join(f"{line}\n" for command in commands for line in _command(command))


def _command(grammar: CommandGrammar) -> list[str]:
    name = grammar.path[-1]
    begin = f"complete -c svmrun -n {_before(grammar.path)}"
    lines = [f"{begin} -a {name} -d {_quote(grammar.help)}"]
    here = f"complete -c svmrun -n {_quote('__svmrun_at ' + ' '.join(grammar.path))}"
    lines += [f"{here} {_option(option)}" for option in grammar.options]
    lines += [f"{here} {_value(value).replace('-x ', '').replace('-r ', '')}" for value in _offered(grammar)]
    return lines + [line for below in grammar.commands for line in _command(below)]


def _offered(grammar: CommandGrammar) -> list[Value]:
    return [value for value in grammar.arguments if value.kind != "free"]


def _before(path: tuple[str, ...]) -> str:
    return _quote("__svmrun_below " + " ".join(path[:-1])) if path[1:] else "__fish_use_subcommand"


def _option(option: Option) -> str:
    names = " ".join(f"-l {t[2:]}" if t.startswith("--") else f"-s {t[1:]}" for t in option.strings)
    value = f" {_value(option.value)}" if option.value else ""
    return f"{names}{value} -d {_quote(option.help)}"


def _value(value: Value) -> str:
    return f"-x -a {_quote(' '.join(value.choices))}" if value.choices else ACTIONS[value.kind]


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
