"""Values of parameters: from the command line, a file, the environment, a prompt, or the default.

The first of these that has one wins. A secret is taken from the environment (`SVMRUN_PARAM_NAME`, in capitals), from
a file (`-p NAME=@FILE`) or from a prompt, so that it need not stand on a command line, where everybody can read it.
Given values are data: they are never rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from svmrun.errors import InvalidInput, Problem
from svmrun.runbook.fitting import fits
from svmrun.runbook.model import Parameter, Runbook, Source
from svmrun.runbook.near import meant
from svmrun.runbook.parameter_text import from_text
from svmrun.runbook.source import load
from svmrun.runbook.template import TemplateError, render
from svmrun.runbook.violations import told

Json = Any
ENVIRONMENT_PREFIX = "SVMRUN_PARAM_"


def _no_file(path: str) -> str:
    raise OSError(f"files cannot be read here: {path}")


@dataclass(frozen=True)
class Origins:
    """Where values come from.

    `assignments` are texts NAME=VALUE; `file` is the name and the bytes of a YAML or JSON file; `fallback` holds
    example values of a simulated world, taken where nothing else is given; `read_file` gives a file's text or raises
    OSError; `ask` asks a person for a secret and is None when nobody is there.
    """

    assignments: Sequence[str] = ()
    file: tuple[str, bytes] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    fallback: Mapping[str, Json] = field(default_factory=dict)
    read_file: Callable[[str], str] = _no_file
    ask: Callable[[Parameter], str] | None = None


def given(runbook: Runbook, origins: Origins) -> dict[str, Json]:
    """The values that were given, by name; parameters that have only a default are missing.

    Raises InvalidInput with every problem: unknown names, values that do not fit, parameters without a value.
    """
    reader = _Reader(runbook, origins)
    reader.read_assignments()
    reader.read_file()
    for parameter in reader.parameters.values():
        reader.read_the_rest(parameter)
    if reader.problems:
        raise InvalidInput(reader.problems)
    return {p.name: reader.values[p.name] for p in runbook.parameters if p.name in reader.values}


def default_value(runbook: Runbook, parameter: Parameter, names: Mapping[str, Json]) -> Json:
    """The default, rendered over parameters, facts and `host`. Raises InvalidInput when it fails or does not fit."""
    path = (*parameter.path, "default")
    what = "value" if parameter.bound else "default"
    try:
        value = render(parameter.default, names)
    except TemplateError as error:
        message = f"the {what} of {parameter.name!r} has no value: {error}"
        hint = None if parameter.bound else f"give it: -p {parameter.name}=VALUE"
        raise InvalidInput([runbook.source.problem(message, (*path, *error.path), hint=hint)]) from None
    if faults := _faults(parameter, value):
        messages = [f"the {what} of {parameter.name!r} does not fit: {fault}" for fault in faults]
        raise InvalidInput([runbook.source.problem(message, path) for message in messages])
    return value


def _faults(parameter: Parameter, value: Json) -> list[str]:
    """What is wrong with a value, in words that do not tell a secret."""
    if fits(parameter.schema, value):
        return []
    if parameter.secret:
        return ["the secret does not fit the parameter's type or pattern"]
    found = told({**parameter.schema, "examples": parameter.examples}, value)
    return [f"{v.message} ({v.hint})" if v.hint else v.message for v in found]


class _Reader:
    """Collects values and problems; the first origin of a value wins."""

    def __init__(self, runbook: Runbook, origins: Origins) -> None:
        self.runbook, self.origins = runbook, origins
        self.parameters = {p.name: p for p in runbook.parameters if not p.bound}
        self.values: dict[str, Json] = {}
        self.problems: list[Problem] = []
        self.faulty: set[str] = set()

    def read_assignments(self) -> None:
        for assignment in self.origins.assignments:
            name, equals, text = assignment.partition("=")
            if not equals:
                self.complain(f"-p {name}: there is no value", hint=f"write -p {name}=VALUE")
            elif name not in self.parameters:
                message = f"-p {name}: the runbook has no parameter {name!r}"
                self.complain(message, hint=meant(name, self.parameters))
            elif name in self.values or name in self.faulty:
                self.fail(name, f"-p {name}: the parameter is given twice", "give it once")
            else:
                self.take_text(self.parameters[name], text, f"-p {name}")

    def take_text(self, parameter: Parameter, text: str, origin: str) -> None:
        """A value as text. For a secret, `@FILE` stands for what is in the file."""
        try:
            if parameter.secret and text.startswith("@") and origin.startswith("-p "):
                text = self.origins.read_file(text[1:]).removesuffix("\n")
            self.take(parameter, from_text(parameter, text), origin)
        except OSError as error:
            self.fail(parameter.name, f"{origin}: cannot read {text[1:]}: {error.strerror or error}")
        except ValueError as error:
            message = "the secret does not fit the parameter's type" if parameter.secret else str(error)
            self.fail(parameter.name, f"{origin}: {message}", parameter.description or None)

    def take(self, parameter: Parameter, value: Json, origin: str) -> None:
        faults = _faults(parameter, value)
        for fault in faults:
            self.fail(parameter.name, f"{origin}: {fault}", parameter.description or None)
        if not faults:
            self.values[parameter.name] = value

    def read_file(self) -> None:
        if self.origins.file is None:
            return
        try:
            document, source = load(*self.origins.file)
        except InvalidInput as error:
            self.problems += error.problems
            self.faulty |= set(self.parameters)  # one of them may have been meant to stand there
            return
        if not isinstance(document, dict):
            self.problems.append(source.problem("a file of parameters is a mapping: NAME: VALUE", ()))
            return
        for name, value in document.items():
            self.take_from_file(name, value, source)

    def take_from_file(self, name: str, value: Json, source: Source) -> None:
        if name not in self.parameters:
            message = f"the runbook has no parameter {name!r}"
            self.problems.append(source.problem(message, (name,), hint=meant(name, self.parameters), of_key=True))
        elif name not in self.values and name not in self.faulty:
            faults = _faults(self.parameters[name], value)
            about = self.parameters[name].description or None
            shown = [source.problem(f"{name}: {fault}", (name,), hint=about) for fault in faults]
            if self.parameters[name].secret:  # the line would show it
                shown = [Problem(p.message, p.position, None, p.hint) for p in shown]
            self.problems += shown
            self.faulty |= {name} if faults else set()
            self.values |= {} if faults else {name: value}

    def read_the_rest(self, parameter: Parameter) -> None:
        """Environment and prompt for a secret, then the example value; what has a default needs none."""
        if parameter.name in self.values or parameter.name in self.faulty:
            return
        variable = ENVIRONMENT_PREFIX + parameter.name.upper()
        if parameter.secret and variable in self.origins.environment:
            self.take_text(parameter, self.origins.environment[variable], variable)
        elif parameter.name in self.origins.fallback:
            self.take(parameter, self.origins.fallback[parameter.name], "the world's example")
        elif not parameter.has_default and parameter.secret and self.origins.ask is not None:
            self.take_text(parameter, self.origins.ask(parameter), f"the answer for {parameter.name}")
        elif not parameter.has_default:
            self.report_missing(parameter, variable)

    def report_missing(self, parameter: Parameter, variable: str) -> None:
        about = f" ({parameter.description})" if parameter.description else ""
        message = f"the parameter {parameter.name!r} needs a value{about}"
        secret = f"set {variable}, or give -p {parameter.name}=@FILE"
        # The world is for another runbook, most likely: there is one for each that comes with svmrun.
        other = "; or a world that has an example of it: svmrun world list" if self.origins.fallback else ""
        hint = secret if parameter.secret else f"-p {parameter.name}=VALUE{other}"
        self.problems.append(self.runbook.source.problem(message, parameter.path, hint=hint, of_key=True))

    def fail(self, name: str, message: str, hint: str | None = None) -> None:
        self.faulty.add(name)
        self.complain(message, hint)

    def complain(self, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(message, hint=hint))
