"""The published schema: current, valid, explaining, and of one mind with the loader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from svmrun.adapters.registry import REGISTRY
from svmrun.errors import InvalidInput
from svmrun.runbook.fitting import fits
from svmrun.runbook.load import load_runbook
from svmrun.runbook.schema import runbook_schema, schema_text
from svmrun.runbook.source import load, read
from svmrun.runbook.violations import told, violations
from tests.runbook_mutations import mutations

Json = Any
ROOT = Path(__file__).parent.parent
FILE = ROOT / "schemas" / "runbook-v1.schema.json"
GOOD = sorted((ROOT / "tests" / "cases" / "runbooks" / "good").glob("*.yaml"))
BAD = sorted((ROOT / "tests" / "cases" / "runbooks" / "bad").glob("*.yaml"))


@pytest.fixture(scope="module")
def published() -> Draft202012Validator:
    """What an editor does: read the file, know nothing else."""
    return Draft202012Validator(json.loads(FILE.read_text(encoding="utf-8")))


def test_the_file_is_what_the_adapters_say() -> None:
    assert FILE.read_text(encoding="utf-8") == schema_text(runbook_schema(REGISTRY)), "svmrun schema > schemas/..."


def test_it_is_a_valid_schema_of_its_draft(published: Draft202012Validator) -> None:
    Draft202012Validator.check_schema(published.schema)


def fields(schema: Json, path: str = "$") -> Iterator[tuple[str, Json]]:
    """Every property with its schema, those inside other schemas too."""
    for name, field in schema.get("properties", {}).items():
        yield f"{path}.{name}", field
        yield from fields(field, f"{path}.{name}")
    for name, definition in schema.get("$defs", {}).items():
        yield from fields(definition, name)
    inner = [schema.get("items"), schema.get("additionalProperties"), *schema.get("anyOf", [])]
    for member in inner:
        if isinstance(member, dict):
            yield from fields(member, f"{path}[]")


def test_every_field_explains_itself_to_an_editor(published: Draft202012Validator) -> None:
    schema: Json = published.schema
    found = list(fields(schema))
    assert len(found) > 200
    for path, field in found:
        explained = schema["$defs"][field["$ref"].split("/")[-1]] if "$ref" in field else {}
        assert {"title", "description"} <= {**explained, **field}.keys(), path


def test_every_typed_field_of_an_adapter_has_examples_that_fit_it() -> None:
    for name, adapter in REGISTRY.items():
        for field, schema in adapter.schema["properties"].items():
            assert schema["examples"], (name, field)
            for example in schema["examples"]:
                assert violations(schema, example) == [], (name, field, example)
            if "default" in schema:
                assert violations(schema, schema["default"]) == [], (name, field)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_an_independent_validator_accepts_good_runbooks(published: Draft202012Validator, path: Path) -> None:
    assert published.is_valid(load(path.name, path.read_bytes())[0])


def test_templates_stand_in_typed_places(published: Draft202012Validator) -> None:
    def dump(level: Json) -> Json:
        action = {"level": level, "device": "/dev/md/rdsk/d10", "dump_device": "/dev/rmt/0"}
        return {"schema": "svmrun/v1", "name": "x", "steps": [{"id": "a", "ufsdump": action}]}

    assert published.is_valid(dump(0))
    assert published.is_valid(dump("{{ level }}"))
    assert not published.is_valid(dump("zero"))


def test_validator_and_loader_agree_on_form(published: Draft202012Validator) -> None:
    """What the schema refuses is refused by the loader; what passes it is refused only for its meaning."""
    for path in GOOD:
        _, source = load(path.name, path.read_bytes())
        for mutation in list(mutations(source))[::9]:
            assert_of_one_mind(published, mutation.text.encode())
    for path in BAD:
        assert_of_one_mind(published, path.read_bytes())


def assert_of_one_mind(published: Draft202012Validator, data: bytes) -> None:
    try:
        document, _, problems = read("f.yaml", data)
    except InvalidInput:
        return
    if not problems:
        valid = published.is_valid(document)
        schema = runbook_schema(REGISTRY)
        assert not (valid and violations(schema, document))
        assert fits(schema, document) == (not told(schema, document))
        if not valid:  # by its form, or by a template that the published schema can see to be wrong
            with pytest.raises(InvalidInput):
                load_runbook("f.yaml", data, REGISTRY)


def test_all_errors_are_reported_each_with_line_caret_and_near_name() -> None:
    text = """\
schema: svmrun/v1
name: x
steps:
  - id: a
    lockfs: {mode: wrte, mount_point: /data}
  - id: b
    metadetch: {mirror: d0}
"""
    with pytest.raises(InvalidInput) as caught:
        load_runbook("x.yaml", text.encode(), REGISTRY)
    assert (
        str(caught.value)
        == """\
x.yaml:5:20: error: 'wrte' is not one of the choices
  5 |     lockfs: {mode: wrte, mount_point: /data}
    |                    ^
  hint: did you mean 'write'?
x.yaml:7:5: error: unknown key 'metadetch'
  7 |     metadetch: {mirror: d0}
    |     ^
  hint: did you mean 'metadetach'?"""
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([1.0, 1.5, "", "a", "ab", "30s", "{{ x }}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
SIMPLE: Any = {
    "type": st.sampled_from(["string", "integer", "number", "boolean", "array", "object", ["string", "null"]]),
    "enum": st.lists(VALUES, min_size=1, max_size=3),
    "const": VALUES,
    "pattern": st.sampled_from(["^a", "b$", r"\{\{"]),
    "minimum": st.integers(-2, 2),
    "exclusiveMaximum": st.integers(-2, 2),
    "minLength": st.integers(0, 2),
    "maxItems": st.integers(0, 2),
    "uniqueItems": st.booleans(),
    "propertyNames": st.just({"pattern": "^[ab]$"}),
    "required": st.lists(st.sampled_from("ab"), max_size=2, unique=True),
    "dependentRequired": st.just({"a": ["b"]}),
    "not": st.just({"const": 1}),
    "oneOf": st.sampled_from([[{"required": ["a"]}, {"required": ["b"]}], [{"type": "number"}, {"const": 1}]]),
}


def some_of(keywords: Any, most: int) -> Any:
    """Schemas of a few of these keywords."""
    pairs = st.sampled_from(sorted(keywords)).flatmap(lambda keyword: st.tuples(st.just(keyword), keywords[keyword]))
    return st.lists(pairs, min_size=1, max_size=most).map(dict)


INNER = some_of(SIMPLE, 2)
NESTING: Any = {
    "items": INNER,
    "properties": st.dictionaries(st.sampled_from("ab"), INNER, max_size=2),
    "additionalProperties": st.booleans() | INNER,
    "anyOf": st.lists(INNER, min_size=1, max_size=2),
    "if": INNER,
    "then": INNER,
    "else": INNER,
}
SCHEMAS = some_of({**SIMPLE, **NESTING}, 4)


@given(SCHEMAS, VALUES)
@settings(deadline=None, max_examples=300)
def test_our_verdict_is_that_of_the_library(schema: Json, value: Json) -> None:
    assert (violations(schema, value) == []) is Draft202012Validator(schema).is_valid(value)


def test_every_example_of_the_language_is_yaml(published: Draft202012Validator) -> None:
    for path, field in fields(published.schema):
        for example in field.get("examples", []):
            assert yaml.safe_load(yaml.safe_dump(example)) == example, path


def test_patterns_mean_the_same_to_editors() -> None:
    """Editors use JavaScript's expressions: no look-behind with names, no inline flags, no possessive forms."""
    for pattern in re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', FILE.read_text(encoding="utf-8")):
        assert "(?P" not in pattern
        assert "(?<" not in pattern
        assert not re.search(r"\(\?[aiLmsux]", pattern)
