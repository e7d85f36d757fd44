"""The script for bash 4 and later."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from svmrun.cli.completions.grammar import NO_NAMES, CommandGrammar, Names, Value, with_names

HEAD = r"""# bash completion of svmrun, made by: svmrun completion bash
_svmrun_words() { COMPREPLY=($(compgen -W "$1" -- "$2")); [[ ${#COMPREPLY[@]} -gt 0 ]]; }
_svmrun_lines() { local IFS=$'\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($1); }
_svmrun_file() { _svmrun_lines "$(compgen -f -- "$1")"; }
_svmrun_folder() { _svmrun_lines "$(compgen -d -- "$1")"; }
_svmrun_yaml() {
    _svmrun_lines "$(compgen -d -- "$1"; compgen -f -- "$1" | grep -E '\.ya?ml$'; compgen -W "$2" -- "$1")"
}
_svmrun_runbook() { _svmrun_yaml "$1" '@runbook@'; }
_svmrun_world() { _svmrun_yaml "$1" '@world@'; }
_svmrun_run() {
    local state=${XDG_STATE_HOME:-$HOME/.local/state}/svmrun
    [[ $EUID -eq 0 ]] && state=/var/lib/svmrun
    _svmrun_words "last $(cd "${SVMRUN_STATE:-$state}/runs" 2>/dev/null && ls)" "$1"
}
_svmrun() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= i
    # bash splits --option=value into three words
    if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "$command/${COMP_WORDS[i]}" in
"""


def script(commands: Sequence[CommandGrammar], names: Names = NO_NAMES) -> str:
    every = [grammar for command in commands for grammar in command.walk()]
    lines = [with_names(HEAD, names).rstrip("\n")]
    for grammar in every:
        before = " ".join(grammar.path[:-1])
        lines.append(f"            {shlex.quote(f'{before}/{grammar.path[-1]}')}) command={_name(grammar)} ;;")
    lines += ["        esac", "    done", '    case "$command $prev" in', *_option_values(every), "    esac"]
    lines += ["    if [[ $cur == -* ]]; then", '        case "$command" in', *_options(every), "        esac"]
    lines += ["        return", "    fi", '    case "$command" in', *_arguments(commands, every), "    esac", "}"]
    return "\n".join([*lines, "complete -F _svmrun svmrun", ""])


def _name(grammar: CommandGrammar) -> str:
    return shlex.quote(" ".join(grammar.path))


def _option_values(every: Sequence[CommandGrammar]) -> list[str]:
    lines = []
    for grammar in every:
        for option in grammar.options:
            if option.value is not None:
                names = "|".join(shlex.quote(f"{' '.join(grammar.path)} {text}") for text in option.strings)
                lines.append(f"        {names}) {_offer([option.value])}; return ;;")
    return lines


def _options(every: Sequence[CommandGrammar]) -> list[str]:
    lines = ["            '') _svmrun_words '--help --version' \"$cur\" ;;"]
    for grammar in every:
        known = " ".join(text for option in grammar.options for text in option.strings)
        lines.append(f'            {_name(grammar)}) _svmrun_words {shlex.quote(known)} "$cur" ;;')
    return lines


def _arguments(commands: Sequence[CommandGrammar], every: Sequence[CommandGrammar]) -> list[str]:
    names = " ".join(command.path[-1] for command in commands)
    lines = [f"        '') _svmrun_words {shlex.quote(names)} \"$cur\" ;;"]
    for grammar in every:
        below = Value("choices", "COMMAND", tuple(command.path[-1] for command in grammar.commands))
        lines.append(f"        {_name(grammar)}) {_offer([below] if grammar.commands else grammar.arguments)} ;;")
    return lines


def _offer(values: Sequence[Value]) -> str:
    """What completes one of these values: their words, and where none fits the first kind of file."""
    words = [choice for value in values for choice in value.choices]
    kinds = [value.kind for value in values if value.kind not in ("free", "choices")]
    offers = [f'_svmrun_words {shlex.quote(" ".join(words))} "$cur"'] if words else []
    offers += [f'_svmrun_{kinds[0]} "$cur"'] if kinds else []
    return " || ".join(offers) or ":"
