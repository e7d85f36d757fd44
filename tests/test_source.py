"""YAML 1.2 reading: values, places, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from svmrun.errors import InvalidInput
from svmrun.runbook.model import Source
from svmrun.runbook.source import MAXIMUM_DEPTH, load
from svmrun.runbook.text import MAXIMUM_BYTES

Json = Any


def value_of(text: str) -> Json:
    return load("f.yaml", text.encode())[0]


def errors_of(data: bytes) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        load("f.yaml", data)
    return [f"{p.position.line}:{p.position.column} {p.message}" for p in caught.value.problems if p.position]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("No", "No"),
        ("on", "on"),
        ("y", "y"),
        ("10:00", "10:00"),
        ("2024-01-01", "2024-01-01"),
        ("1_000", "1_000"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("12", 12),
        ("-7", -7),
        ("0", 0),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("'12'", "12"),
        ("'true'", "true"),
        ("d0", "d0"),
        ("<<", "<<"),
        ("0123abc", "0123abc"),
        ("'0123'", "0123"),
    ],
)
def test_plain_scalars_follow_the_core_schema_of_yaml_1_2(text: str, value: Json) -> None:
    read = value_of(f"a: {text}\n")["a"]
    assert (read, type(read)) == (value, type(value))


def test_keys_that_other_readers_take_for_booleans_stay_texts() -> None:
    assert value_of("on: 1\nyes: 2\n") == {"on": 1, "yes": 2}


@pytest.mark.parametrize("text", ["0123", "-012", "+07", "00", "0123e45", "00.5"])
def test_a_number_with_a_leading_zero_is_refused_with_a_hint_to_quote_it(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        value_of(f"a: {text}\n")
    (problem,) = caught.value.problems
    assert problem.hint == f"put it in quotes: '{text}'"


@pytest.mark.parametrize("text", [".inf", "-.INF", ".nan", "1e999", "9" * 5000])
def test_a_number_that_is_none_is_refused(text: str) -> None:
    assert len(errors_of(f"a: {text}\n".encode())) == 1


def test_every_node_has_its_place() -> None:
    _, source = load("f.yaml", b"a: 1\nb:\n  - x\n  - {c: y}\n")
    assert str(source.position(("b", 1, "c"))) == "f.yaml:4:9"
    assert str(source.position(("b", 1, "c"), of_key=True)) == "f.yaml:4:6"
    assert str(source.position(("b", 0))) == "f.yaml:3:5"
    assert str(source.position(("b", 1), of_key=True)) == "f.yaml:4:5"
    assert str(source.position(("b", 7, "nothing"))) == "f.yaml:3:3"


def test_columns_count_characters() -> None:
    _, source = load("f.yaml", "ä: {ö: [ü, 😀, x]}\n".encode())
    assert str(source.position(("ä", "ö", 2))) == "f.yaml:1:15"


def test_several_mistakes_are_reported_together() -> None:
    data = b"a: 01\na: 2\nb: *x\nc: !!str y\nd: &e f\n<<: 1\n1: g\n"
    assert [error.split(" ")[0] for error in errors_of(data)] == ["1:4", "2:1", "3:4", "4:4", "5:4", "6:1", "7:1"]


@pytest.mark.parametrize("text", ["a: {{ x }}\n", "? [a]\n: b\n", "{[a]: b}\n"])
def test_a_structure_as_a_key_is_refused_because_it_is_a_template_without_quotes(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        value_of(text)
    assert "needs quotes" in str(caught.value.problems[0].hint)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
def test_deep_nesting_is_refused_without_a_crash(opening: str, closing: str) -> None:
    depth = 30_000
    assert "nest" in errors_of((opening * depth + closing * depth).encode())[0]
    assert value_of("[" * MAXIMUM_DEPTH + "]" * MAXIMUM_DEPTH)


def test_an_alias_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40)]
    assert all("are not supported" in error for error in errors_of("\n".join(lines).encode()))


def test_too_many_values_and_too_many_bytes_are_refused() -> None:
    assert "values in one file" in errors_of(b"[" + b"1," * 60_000 + b"]")[0]
    assert "too large" in errors_of(b"#" * (MAXIMUM_BYTES + 1))[0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "utf-16-le", "utf-16-be"])
def test_other_encodings_are_named_or_refused(encoding: str) -> None:
    (error,) = errors_of("a: b\n".encode(encoding))
    assert "byte-order mark" in error or "NUL" in error


def test_the_place_of_a_wrong_byte_is_told() -> None:
    assert errors_of("ä: b\nc: d".encode() + b"\xff") == ["2:5 byte 0xff is not UTF-8"]


@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
def test_the_pure_parser_reads_the_same(loader: type) -> None:
    text = "a: [x, 'y', {b: 1}]\nc: |\n  d\n  e\nf: yes\n"
    document, source = load("f.yaml", text.encode(), loader)
    assert document == {"a": ["x", "y", {"b": 1}], "c": "d\ne\n", "f": "yes"}
    assert str(source.position(("a", 2, "b"))) == "f.yaml:1:17"
    for bad in (b'a: "\\UFFFFFFFF"\n', b'a: "\\uD800"\n', b"[" * 5000):
        with pytest.raises(InvalidInput):
            load("f.yaml", bad, loader)


yaml_like = st.text(alphabet=st.sampled_from("ab01:-[]{},'\"|>&*!%@`#?~<= \n\t.é"), max_size=60)


def loaded(data: bytes) -> tuple[Json, Source] | InvalidInput:
    try:
        return load("f.yaml", data)
    except InvalidInput as error:
        return error


@given(st.one_of(st.binary(max_size=200), yaml_like.map(str.encode), st.text(max_size=80).map(str.encode)))
@settings(deadline=None, max_examples=300)
@example(b"\x00")
@example(b"%YAML 2.0\n---\na: b\n")
@example(b"%TAG ! tag:x,2000:\n---\n!a b\n")
@example(b"a: \xc2\x85b\n")
@example(b"--- >\n")
def test_any_bytes_are_a_document_or_invalid_input(data: bytes) -> None:
    read = loaded(data)
    if isinstance(read, InvalidInput):
        assert read.problems
        assert all(p.position is not None and str(p) for p in read.problems)
    else:
        json.dumps(read[0], allow_nan=False).encode()
        assert read[1].text.encode() == data


def texts(size: int) -> st.SearchStrategy[str]:
    """Without characters for which JSON needs two escapes: YAML has one escape for each."""
    return st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=size)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | texts(12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts(8), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
@settings(deadline=None, max_examples=150)
def test_json_is_read_as_itself(value: Json) -> None:
    assert load("f.json", json.dumps(value).encode())[0] == value
