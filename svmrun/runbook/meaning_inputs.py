"""Parameters and facts: names, defaults, order."""

from __future__ import annotations

from svmrun.runbook.model import Parameter
from svmrun.runbook.order import in_a_circle, needs, reach
from svmrun.runbook.pieces import has_template
from svmrun.runbook.subject import Subject
from svmrun.runbook.template import texts
from svmrun.runbook.violations import pattern_fault, violations

# What expressions understand by themselves, and what svmrun provides.
RESERVED = frozenset(
    "host steps result before run switches range true false none True False None not and or in is if else".split()  # noqa: SIM905
)


def check_inputs(subject: Subject) -> None:
    for section, names in (("parameters", subject.parameter_names), ("facts", subject.fact_names)):
        for name in sorted(RESERVED & set(names)):
            message = f"the name {name!r} is taken by the language"
            subject.report(message, (section, name), "choose another name", of_key=True)
    for name in sorted(set(subject.parameter_names) & set(subject.fact_names)):
        subject.report(f"{name!r} is a parameter already", ("facts", name), "choose another name", of_key=True)
    for parameter in subject.runbook.parameters:
        _check_parameter(subject, parameter)
    _check_order(subject)


def _check_parameter(subject: Subject, parameter: Parameter) -> None:
    if fault := pattern_fault(parameter.schema):
        path, message = fault
        subject.report(message, (*parameter.path, *path))
        return
    if not parameter.has_default or any(has_template(text) for text, _ in texts(parameter.default)):
        return
    for violation in violations(parameter.schema, parameter.default):
        message = f"the {'value' if parameter.bound else 'default'} does not fit the parameter: {violation.message}"
        subject.report(message, (*parameter.path, "default", *violation.path), violation.hint)


def _check_order(subject: Subject) -> None:
    """A value that needs itself, or a fact that is needed before it is read."""
    graph = needs(subject.runbook)
    facts = [fact.name for fact in subject.runbook.facts]
    for name in graph:
        section = "facts" if name in facts else "parameters"
        path = (section, name, "default") if section == "parameters" else (section, name)
        if circle := in_a_circle(graph, name):
            if name == min(circle):
                subject.report(f"these need each other: {' -> '.join(circle)}", path, "give one of them a plain value")
        elif section == "facts":
            later = [f for f in facts[facts.index(name) + 1 :] if f in reach(graph, name) - graph[name]]
            for fact in later:
                message = f"the fact {name!r} needs, by a parameter's default, the fact {fact!r}, which is read later"
                subject.report(message, path, f"move {fact!r} up", of_key=True)
