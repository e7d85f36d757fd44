"""The protocol's side of the language server: its messages to the answers of `svmrun.editor`, and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument

from svmrun import __version__
from svmrun.adapters.registry import adapters
from svmrun.cli.comparing import is_runbook
from svmrun.editor import answers
from svmrun.editor.document import Diagnostic, Document, read_document
from svmrun.editor.places import Range
from svmrun.effects.runbook_files import Beside
from svmrun.errors import Position

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}
_KINDS = {
    "parameter": types.CompletionItemKind.Variable,
    "fact": types.CompletionItemKind.Constant,
    "step": types.CompletionItemKind.Event,
    "filter": types.CompletionItemKind.Function,
    "name": types.CompletionItemKind.Keyword,
}


class Server(LanguageServer):
    """`known` keeps the last state of each text that could be read: while somebody types, it often cannot be.

    `ours` are the texts that said once that they are runbooks: a slip in that line does not make them others.
    """

    def __init__(self) -> None:
        super().__init__("svmrun", __version__)
        self.known: dict[str, Document] = {}
        self.ours: set[str] = set()

    def document(self, uri: str) -> tuple[TextDocument, Document]:
        source = self.workspace.get_text_document(uri)
        name = source.path or uri
        document = read_document(name, source.source, adapters(), _Open(Beside(Path(name)), self))
        if document.subject is not None:
            self.known[uri] = document
        return source, document

    def tell_problems(self, uri: str) -> None:
        """Of runbooks alone: a YAML file of another kind is none of ours."""
        source, document = self.document(uri)
        if is_runbook(source.source.encode("utf-8", "surrogatepass")):
            self.ours.add(uri)
        found = document.diagnostics() if uri in self.ours else []
        told = [_diagnostic(one, source, document) for one in found]
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, told))


@dataclass(frozen=True)
class _Open:
    """The files beside a text, as they are in the editor where they are open there."""

    files: Beside
    server: Server

    def beside(self, file: str, written: str) -> str:
        return self.files.beside(file, written)

    def read(self, name: str) -> bytes:
        data = self.files.read(name)
        opened = self.server.workspace.text_documents.get(Path(name).resolve().as_uri())
        return opened.source.encode("utf-8", "surrogatepass") if opened else data


def make_server() -> Server:
    server = Server()
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(partial(_opened, server))
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(partial(_opened, server))
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(partial(_closed, server))
    server.feature(types.TEXT_DOCUMENT_DEFINITION)(partial(_definition, server))
    server.feature(types.TEXT_DOCUMENT_REFERENCES)(partial(_references, server))
    server.feature(types.TEXT_DOCUMENT_HOVER)(partial(_hover, server))
    characters = types.CompletionOptions(trigger_characters=["{", ".", "|", "'", '"', " "])
    server.feature(types.TEXT_DOCUMENT_COMPLETION, characters)(partial(_completion, server))
    server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)(partial(_prepare_rename, server))
    server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))(partial(_rename, server))
    return server


def _opened(server: Server, asked: types.DidOpenTextDocumentParams | types.DidChangeTextDocumentParams) -> None:
    server.tell_problems(asked.text_document.uri)


def _closed(server: Server, asked: types.DidCloseTextDocumentParams) -> None:
    server.known.pop(asked.text_document.uri, None)
    server.ours.discard(asked.text_document.uri)
    server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(asked.text_document.uri, []))


def _definition(server: Server, asked: types.DefinitionParams) -> types.Location | None:
    source, document = server.document(asked.text_document.uri)
    found = answers.definition(document, _offset(source, document, asked.position))
    if isinstance(found, Position):
        place = types.Position(found.line - 1, found.column - 1)
        return types.Location(Path(found.file).resolve().as_uri(), types.Range(place, place))
    return types.Location(asked.text_document.uri, _range(found, source, document)) if found else None


def _references(server: Server, asked: types.ReferenceParams) -> list[types.Location]:
    source, document = server.document(asked.text_document.uri)
    found = answers.references(document, _offset(source, document, asked.position))
    return [types.Location(asked.text_document.uri, _range(one, source, document)) for one in found]


def _hover(server: Server, asked: types.HoverParams) -> types.Hover | None:
    source, document = server.document(asked.text_document.uri)
    text, place = answers.hover(document, _offset(source, document, asked.position))
    if not text:
        return None
    content = types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.Hover(content, _range(place, source, document) if place else None)


def _completion(server: Server, asked: types.CompletionParams) -> types.CompletionList:
    source, document = server.document(asked.text_document.uri)
    known = server.known.get(asked.text_document.uri)
    offers = answers.completion(document, known, _offset(source, document, asked.position))
    items = [types.CompletionItem(one.name, kind=_KINDS[one.kind], detail=one.about or None) for one in offers]
    return types.CompletionList(False, items)


def _prepare_rename(server: Server, asked: types.PrepareRenameParams) -> types.Range | None:
    source, document = server.document(asked.text_document.uri)
    found = document.mention_at(_offset(source, document, asked.position))
    return _range(found.range, source, document) if found else None


def _rename(server: Server, asked: types.RenameParams) -> types.WorkspaceEdit:
    source, document = server.document(asked.text_document.uri)
    try:
        edits = answers.rename(document, _offset(source, document, asked.position), asked.new_name)
    except ValueError as error:
        raise JsonRpcInvalidParams(str(error)) from error
    told = [types.TextEdit(_range(one.range, source, document), one.text) for one in edits]
    return types.WorkspaceEdit({asked.text_document.uri: told})


def _diagnostic(one: Diagnostic, source: TextDocument, document: Document) -> types.Diagnostic:
    hint = f"\n{one.problem.hint}" if one.problem.hint else ""
    return types.Diagnostic(
        _range(one.range, source, document),
        one.problem.message + hint,
        severity=_SEVERITIES[one.severity],
        code=one.rule or None,
        source="svmrun",
    )


def _offset(source: TextDocument, document: Document, position: types.Position) -> int:
    """Editors count columns in units of UTF-16."""
    place = source.position_from_client_units(position)
    return document.text.offset(place.line, place.character)


def _range(one: Range, source: TextDocument, document: Document) -> types.Range:
    start, end = (types.Position(*document.text.place(offset)) for offset in (one.start, one.end))
    return source.position_codec.range_to_client_units(source.lines, types.Range(start, end))
