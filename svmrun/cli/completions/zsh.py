"""The script for zsh: a file `_svmrun` in a folder of fpath, or read with `source`."""

from __future__ import annotations

from collections.abc import Sequence

from svmrun.cli.completions.grammar import NO_NAMES, CommandGrammar, Names, Option, Value, with_names

HEAD = """#compdef svmrun
# zsh completion of svmrun, made by: svmrun completion zsh
_svmrun_run() {
    local state=${XDG_STATE_HOME:-$HOME/.local/state}/svmrun
    (( EUID == 0 )) && state=/var/lib/svmrun
    local -a runs; runs=(last ${SVMRUN_STATE:-$state}/runs/*(N:t))
    compadd -a runs
}
_svmrun_runbook() { compadd -- @runbook@; _files -g "*.(yaml|yml)" }
_svmrun_world() { compadd -- @world@; _files -g "*.(yaml|yml)" }
"""
TAIL = """
if [[ $funcstack[1] == _svmrun ]]; then _svmrun "$@"; else compdef _svmrun svmrun; fi
"""
ACTIONS = {
    "file": "_files",
    "folder": "_files -/",
    "runbook": "_svmrun_runbook",
    "world": "_svmrun_world",
    "run": "_svmrun_run",
    "free": "",
}


def script(commands: Sequence[CommandGrammar], names: Names = NO_NAMES) -> str:
    root = CommandGrammar((), "", (), (), tuple(commands))
    return with_names(HEAD, names) + "\n".join(_function(grammar) for grammar in root.walk()) + TAIL


def _function_name(grammar: CommandGrammar) -> str:
    return "_".join(("_svmrun", *grammar.path)).replace("-", "_")


def _function(grammar: CommandGrammar) -> str:
    body = _choice_of_commands(grammar) if grammar.commands else _arguments(grammar)
    return f"{_function_name(grammar)}() {{\n{body}\n}}"


def _choice_of_commands(grammar: CommandGrammar) -> str:
    described = " ".join(_quote(f"{c.path[-1]}:{c.help}") for c in grammar.commands)
    cases = "\n".join(f"        {c.path[-1]}) {_function_name(c)} ;;" for c in grammar.commands)
    return f"""    local curcontext="$curcontext" state line
    local -a commands; commands=({described})
    _arguments -C '--help[show help]' '1:command:->command' '*::argument:->argument' && return
    case $state in
        command) _describe -t commands command commands ;;
        argument) case $words[1] in
{cases}
        esac ;;
    esac"""


def _arguments(grammar: CommandGrammar) -> str:
    specifications = [_option(option, text) for option in grammar.options for text in option.strings]
    specifications += [_quote(f"*:{value.name}:{_action(value)}") for value in grammar.arguments[-1:]]
    if len(grammar.arguments) > 1:
        specifications += [
            _quote(f"{place}:{value.name}:{_action(value)}") for place, value in enumerate(grammar.arguments[:-1], 1)
        ]
    return "    _arguments \\\n        " + " \\\n        ".join(specifications)


def _option(option: Option, text: str) -> str:
    repeated = "*" if option.repeated else ""
    said = option.help.replace("[", "(").replace("]", ")").replace(":", " -")
    value = f":{option.value.name}:{_action(option.value)}" if option.value else ""
    return _quote(f"{repeated}{text}[{said}]{value}")


def _action(value: Value) -> str:
    return f"({' '.join(value.choices)})" if value.choices else ACTIONS[value.kind]


def _quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
