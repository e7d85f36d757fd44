"""What an editor asks about texts that are half typed: always an answer, never a traceback."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from svmrun.adapters.registry import REGISTRY
from svmrun.editor import answers
from svmrun.editor.document import read_document
from svmrun.editor.places import Range
from svmrun.runbook.load import load_runbook

ROOT = Path(__file__).resolve().parents[1]
TEXTS = [
    path.read_text()
    for path in sorted((ROOT / "tests" / "cases" / "runbooks").glob("*/*.yaml"))
    if path.stem not in ("latin-1", "utf-16", "nul-byte", "byte-order-mark")
]
SHIPPED = {path.name: path.read_text() for path in sorted((ROOT / "runbooks").glob("*.yaml"))}
TYPED = st.sampled_from(
    ["{{ ", "}}", "'", '"', ":", "- ", "\t", "\n", "{", "[", "| ", ".", "steps.", "\u2028", "𝄞", "\x00", "&a ", "<<: "]
)


@given(st.data())
@settings(deadline=None, max_examples=120)
def test_every_half_typed_text_gets_answers(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(TEXTS))
    whole = read_document("x.yaml", text, REGISTRY)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 40, len(text))))
    typed = text[:start] + data.draw(TYPED) + text[end:]
    document = read_document("x.yaml", typed, REGISTRY)
    for one in document.diagnostics():
        assert 0 <= one.range.start <= one.range.end <= len(typed)
    for offset in (start, data.draw(st.integers(0, len(typed)))):
        answers.hover(document, offset)
        answers.definition(document, offset)
        answers.references(document, offset)
        answers.completion(document, whole, offset)


def test_every_mention_stands_where_it_says() -> None:
    for name, text in SHIPPED.items():
        document = read_document(name, text, REGISTRY)
        assert document.mentions
        for mention in document.mentions:
            assert text[mention.range.start : mention.range.end] == mention.name


def test_every_step_of_every_shipped_runbook_can_be_renamed() -> None:
    """To a name with a dash, which is the harder case; the runbook stays valid."""
    for name, text in SHIPPED.items():
        document = read_document(name, text, REGISTRY)
        for mention in [one for one in document.mentions if one.declares]:
            new = "quite-new" if mention.kind == "step" else "quite_new"
            edits = answers.rename(document, mention.range.start, new)
            renamed = text
            for edit in sorted(edits, key=lambda one: one.range.start, reverse=True):
                renamed = renamed[: edit.range.start] + edit.text + renamed[edit.range.end :]
            runbook = load_runbook(name, renamed.encode(), REGISTRY)
            assert "quite" in repr(runbook)


def test_every_name_that_is_declared_and_used_leads_to_its_declaration() -> None:
    for name, text in SHIPPED.items():
        document = read_document(name, text, REGISTRY)
        for mention in document.mentions:
            found = answers.definition(document, mention.range.start)
            assert isinstance(found, Range), mention
            assert text[found.start : found.end] == mention.name
