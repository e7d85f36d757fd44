"""The few lines by which an editor knows the schema of runbooks. What others have written there stays as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from svmrun.effects.rewrite import rewrite
from svmrun.errors import InvalidInput, Problem

Json = Any
SCHEMA_FILE = "schemas/runbook-v1.schema.json"
SETTINGS = {"vscode": ".vscode/settings.json", "vim": ".vim/coc-settings.json", "emacs": ".dir-locals.el"}
# What else may be wanted, and where it belongs: no file of ours.
ADVICE = {
    "vscode": "Install the extension redhat.vscode-yaml.",
    "vim": """\
This is for coc.nvim with coc-yaml. In the configuration of Neovim itself the same is:
  vim.lsp.config('yamlls', {{settings = {{yaml = {{schemas = {{['{schema}'] = {{{globs}}}}}}}}}}})
svmrun's own language server, beside it:
  vim.lsp.config('svmrun', {{cmd = {{'svmrun', 'lsp'}}, filetypes = {{'yaml'}}, root_markers = {{'.git'}}}})""",
    "emacs": """\
This is for eglot with yaml-language-server. svmrun's own language server instead:
  (add-to-list 'eglot-server-programs '((yaml-mode yaml-ts-mode) . ("svmrun" "lsp")))""",
}


@dataclass(frozen=True)
class Installed:
    """What became of an editor's settings. `to_add` are lines that a person must add to `file`; empty for none."""

    file: Path
    written: tuple[Path, ...]
    to_add: str = ""


def install(editor: str, folder: Path, globs: list[str], schema: str) -> Installed:
    """Write the schema, and the editor's settings where that can be done without touching others' lines.

    Raises InvalidInput when a file cannot be written, or is somebody else's.
    """
    written = [write_schema(folder / SCHEMA_FILE, schema)]
    file = folder / SETTINGS[editor]
    wanted = _wanted(editor, globs)
    old = file.read_bytes() if file.exists() else None
    if old is not None and wanted.strip().encode() in old:
        return Installed(file, tuple(written))
    new = wanted if old is None else _merged(old, globs) if editor != "emacs" else None
    if new is None:
        return Installed(file, tuple(written), wanted)
    if new.encode() != old:
        _write(file, new.encode(), old)
        written.append(file)
    return Installed(file, tuple(written))


def advice(editor: str, globs: list[str]) -> str:
    return ADVICE[editor].format(schema=SCHEMA_FILE, globs=", ".join(f"'{glob}'" for glob in globs))


def _wanted(editor: str, globs: list[str]) -> str:
    if editor == "emacs":
        names = " ".join(json.dumps(glob) for glob in globs)
        value = f"(:yaml (:schemas (:./{SCHEMA_FILE} [{names}])))"
        modes = (f"({mode} . ((eglot-workspace-configuration . {value})))" for mode in ("yaml-mode", "yaml-ts-mode"))
        return f"({' '.join(modes)})\n"
    return _text({"yaml.schemas": _schemas(globs)})


def _schemas(globs: list[str]) -> dict[str, Json]:
    return {f"./{SCHEMA_FILE}": globs}


def _merged(old: bytes, globs: list[str]) -> str | None:
    """The settings with ours added; None where they cannot be read (comments), or say something else of our schema."""
    try:
        settings = json.loads(old) if old.strip() else {}
    except ValueError:
        return None
    schemas = settings.get("yaml.schemas", {}) if isinstance(settings, dict) else None
    if not isinstance(schemas, Mapping):
        return None
    if f"./{SCHEMA_FILE}" in schemas:
        return old.decode()
    return _text({**settings, "yaml.schemas": {**schemas, **_schemas(globs)}})


def _text(settings: Json) -> str:
    return json.dumps(settings, indent=2, ensure_ascii=False) + "\n"


def write_schema(file: Path, schema: str) -> Path:
    """The schema as that file. Raises InvalidInput for a file of the name that is somebody else's."""
    old = file.read_bytes() if file.exists() else None
    if old is not None and not _is_ours(old, schema):
        raise InvalidInput([Problem(f"{file} is not svmrun's schema", hint="move it away, or name another --folder")])
    if old != schema.encode():
        _write(file, schema.encode(), old)
    return file


def _is_ours(old: bytes, schema: str) -> bool:
    try:
        found = json.loads(old)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("$id") == json.loads(schema)["$id"]


def _write(file: Path, content: bytes, was: bytes | None) -> None:
    if was is not None:
        rewrite(file, content, was=was)
        return
    write_new(file, content)


def write_new(file: Path, content: bytes) -> None:
    """A file that was not there. Raises InvalidInput when it is, or cannot be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as stream:
            stream.write(content)
    except OSError as error:
        raise InvalidInput([Problem(f"cannot write {file}: {error.strerror}")]) from error
