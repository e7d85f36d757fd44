"""Templates: values, types, splitting, names, and refusals."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svmrun.runbook.pieces import TemplateError, split_command
from svmrun.runbook.template import evaluate, names_in, names_used, render, render_text, roots

Json = Any
NAMES: dict[str, Json] = {
    "n": 3,
    "yes": True,
    "none": None,
    "text": "a 'b'",
    "list": ["x", "y"],
    "diskset": "schost-1",
    "d": {"items": 5, "keys": "k", "deep": {"x": [1, 2]}},
    "sets": [{"hosts": [{"name": "one", "owner": True}, {"name": "two", "owner": False}]}],
    "volumes": {"schost-1/d0": {"submirrors": [{"state": "Okay"}, {"state": "Okay"}]}},
    "code": "{{ n }}",
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("plain", "plain"),
        ("{{ n }}", 3),
        ("{{n}}", 3),
        ("{{ n }}\n", 3),
        ("x{{ n }}", "x3"),
        ("{{ n }}{{ n }}", "33"),
        ("{{ yes }}", True),
        ("is {{ yes }}", "is true"),
        ("{{ none }}", None),
        ("{{ list }}", ["x", "y"]),
        ("{{ d.items }}", 5),
        ("{{ d['keys'] }}", "k"),
        ("{{ d.deep.x[-1] }}", 2),
        ("{{ d.deep.keys() }}", ["x"]),
        ("{{ {'a': {'b': n}} }}", {"a": {"b": 3}}),
        ("{{ '}}' }}", "}}"),
        ("{{ (1, 2) }}", [1, 2]),
        ("{{ '0123e45' }}", "0123e45"),
        ("{{ 'None' }}", "None"),
        ("{{ code }}", "{{ n }}"),
        ("say {{ code }}", "say {{ n }}"),
        ("{{ n ~ text }}", "3a 'b'"),
        ("{{ 7 / 2 }}", 3.5),
        ("{{ 2 ** 10 }}", 1024),
        ("{{ 'x' if n > 2 else 'y' }}", "x"),
        ("{{ 'd0' | volume(diskset) }}", "schost-1/d0"),
        ("{{ 'd0' | volume('') }}", "d0"),
        ("{{ '/dev/md/schost-1/rdsk/d0' | volume(diskset) }}", "schost-1/d0"),
        ("{{ '/dev/md/rdsk/d0' | canonical }}", "d0"),
        ("{{ 'd30' | raw_device(diskset) }}", "/dev/md/schost-1/rdsk/d30"),
        ("{{ 'schost-1/d30' | raw_device }}", "/dev/md/schost-1/rdsk/d30"),
        ("{{ 'd30' | raw_device('') }}", "/dev/md/rdsk/d30"),
        ("{{ 'd30' | block_device(diskset) }}", "/dev/md/schost-1/dsk/d30"),
        ("{{ 'schost-1/d30' | basename }}", "d30"),
        ("{{ '/a/b/' | basename }}{{ '/a/b' | dirname }}", "b/a"),
        ("{{ text | shell_quote }}", "'a '\"'\"'b'\"'\"''"),
        ("{{ ['a b', 'c'] | shell_quote }}", "'a b' c"),
        ("{{ list | map('upper') | join(', ') }}", "X, Y"),
        ("{{ missing | default('d') }}", "d"),
        ("{{ none | default('d', true) }}", "d"),
        ("{{ d.nothing is defined }}", False),
        ("{{ '%03d' | format(n) }}", "003"),
        ("{{ [1, 1, 2] | unique }}", [1, 2]),
        ("{{ '12' | int + 1 }}", 13),
        ("{{ {'b': 1, 'a': [none]} | tojson }}", '{"a": [null], "b": 1}'),
    ],
)
def test_a_template_yields(template: str, value: Json) -> None:
    rendered = render(template, NAMES)
    assert (rendered, type(rendered)) == (value, type(value))


def test_the_conditions_of_the_documented_procedure_hold() -> None:
    assert evaluate("sets[0].hosts | selectattr('owner') | map(attribute='name') | first == 'one'", NAMES) is True
    states = "volumes['d0' | volume(diskset)].submirrors | map(attribute='state') | unique | list == ['Okay']"
    assert evaluate(states, NAMES) is True


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ missing }}", "'missing' is undefined"),
        ("{{ missing == 1 }}", "'missing' is undefined"),
        ("{{ d.deap }}", "there is no 'deap' here (did you mean 'deep'?)"),
        ("{{ list[7] }}", "there is no member 7 in a list of 2"),
        ("{{ none.x }}", "a null has no 'x'"),
        ("x {{ none }}", "is null"),
        ("x {{ list }}", "a list cannot stand inside a text"),
        ("x {{ d }}", "a mapping cannot stand inside a text"),
        ("{{ text.upper }}", "a method needs parentheses"),
        ("{{ text.format(1) }}", "a text has no 'format'"),
        ("{{ ''.__class__ }}", "has no '__class__'"),
        ("{{ d.deep.__init__ }}", "there is no '__init__'"),
        ("{{ list.append(1) }}", "a list has no 'append'"),
        ("{{ n | attr('real') }}", "there is no filter 'attr'"),
        ("{{ list | map('upperr') }}", "there is no filter 'upperr' (did you mean 'upper'?)"),
        ("{{ list | select('strin') }}", "there is no test 'strin' (did you mean 'string'?)"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ n + text }}", "unsupported operand"),
        ("{{ 1e308 * 10 }}", "not a finite number"),
        ("{{ n", "is not closed"),
        ("{{ }}", "nothing between"),
        ("{{ n n }}", "unexpected 'n' after the expression"),
        ("{{ n + }}", "it ends too early"),
        ("{{ lipsum() }}", "'lipsum' is undefined"),
        ("{% if n %}x{% endif %}", "statements"),
        ("a {# b #}", "comments"),
        ("{{- n }}", "put a blank between"),
        ("{{ 'd0/d1/d2' | volume }}", "cannot be the name"),
        ("{{ 'other/d0' | volume(diskset) }}", "does not lie in the disk set"),
    ],
)
def test_a_template_is_refused_with_a_sentence(template: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(template, NAMES)
    assert message in str(caught.value)


def test_an_error_leads_to_its_text() -> None:
    with pytest.raises(TemplateError) as caught:
        render({"a": ["x", {"b": "{{ missing }}"}]}, NAMES)
    assert caught.value.path == ("a", 1, "b")


def test_rendering_walks_structures_and_leaves_keys_alone() -> None:
    assert render({"{{ n }}": ["{{ n }}", 1, None]}, NAMES) == {"{{ n }}": [3, 1, None]}


def test_the_words_of_a_command_line_are_texts() -> None:
    rendered = render({"argv": ["mt", "{{ n }}", 0, "{{ yes }}"], "level": "{{ n }}"}, NAMES)
    assert rendered == {"argv": ["mt", "3", "0", "true"], "level": 3}
    with pytest.raises(TemplateError) as caught:
        render({"argv": ["mt", "{{ none }}"]}, NAMES)
    assert caught.value.path == ("argv", 1)


def test_render_text_yields_a_text_always() -> None:
    assert render_text("{{ n }}", NAMES) == "3"


def test_names_are_found_without_evaluating() -> None:
    template = {
        "a": "{{ layout.volumes[mirror | volume(diskset)].x | default(host.name) }} {{ steps['a-b'].result.x }}"
    }
    assert names_used(template) == {"layout.volumes", "mirror", "diskset", "host.name", "steps.a-b.result.x"}
    assert names_in("a.b == c and range(3)") == {"a.b", "c"}
    assert roots("x {{ a.b }} {{ steps.c }}", bare=False) == {"a", "steps"}
    assert roots("a.b", bare=True) == {"a"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ls  -l", ["ls", "-l"]),
        ("echo {{ a b }} x{{ c d }}y", ["echo", "{{ a b }}", "x{{ c d }}y"]),
        ("echo 'a b' \"c {{ d e }} f\" g\\ h", ["echo", "a b", "c {{ d e }} f", "g h"]),
        ("echo '' \"\"", ["echo", "", ""]),
        ("echo {{ {'a b': ' }}'}['a b'] }}", ["echo", "{{ {'a b': ' }}'}['a b'] }}"]),
        ('echo "a\\"b\\c"', ["echo", 'a"b\\c']),
        ("", []),
    ],
)
def test_a_command_line_is_split_with_its_expressions_whole(text: str, words: list[str]) -> None:
    assert split_command(text) == words


@pytest.mark.parametrize("text", ["echo 'a", 'echo "a', "echo \\", "echo {{ a"])
def test_an_open_quote_is_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        split_command(text)


PRINTER = "import json, sys; json.dump(sys.argv[1:], sys.stdout)"


@given(
    st.lists(
        st.one_of(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20),
            st.sampled_from(["a b", "-rf", "x;y", "new\nline", "'", '"', "$(id)", "`id`", "{{ a }}", "*", "\\", ""]),
        ),
        min_size=1,
        max_size=8,
    )
)
@settings(deadline=None, max_examples=25)
def test_a_value_stays_one_argument_of_a_real_program(values: list[str]) -> None:
    names = {f"v{i}": value for i, value in enumerate(values)}
    text = " ".join(f"{{{{ v{i} }}}} '-o {{{{ v{i} }}}}'" for i in range(len(values)))
    words = render({"argv": split_command(text)}, names)["argv"]
    printed = subprocess.run([sys.executable, "-c", PRINTER, *words], capture_output=True, check=True, timeout=60)
    assert json.loads(printed.stdout) == [word for value in values for word in (value, f"-o {value}")]


plain_texts = st.text(alphabet=st.sampled_from("ab{}%#'\"|()[].,:+-*/~ \n\\01"), max_size=40)


@given(plain_texts)
@settings(deadline=None, max_examples=300)
def test_any_text_renders_or_is_refused(text: str) -> None:
    for use in (lambda: render(text, {"a": "x", "b": [1]}), lambda: names_used(text), lambda: split_command(text)):
        with contextlib.suppress(TemplateError):
            use()


@given(plain_texts.filter(lambda text: not any(mark in text for mark in ("{{", "{%", "{#"))))
@settings(deadline=None, max_examples=100)
def test_text_without_braces_is_itself(text: str) -> None:
    assert render(text, {}) == text


def test_no_code_of_this_room_reads_the_machine() -> None:
    folder = Path(__file__).parent.parent / "svmrun" / "runbook"
    for path in folder.glob("*.py"):
        imported = {
            line.split()[1].split(".")[0] for line in path.read_text().splitlines() if line.startswith("import ")
        }
        assert not imported & {"os", "subprocess", "time", "random", "socket"}, path
