"""A small client of language servers: the protocol over the standard streams of a real process, as an editor does."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

Json = Any
PATIENCE_SECONDS = 60.0


class Client:
    """Talks to one server. Used as a context: the server is asked to end, and must."""

    def __init__(self, command: list[str], folder: Path, settings: Json = None) -> None:
        self.folder, self.settings = folder, settings
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.incoming: queue.Queue[Json] = queue.Queue()
        self.number = 0
        self.versions: dict[str, int] = {}
        self.answers: dict[int, Json] = {}
        self.diagnostics: dict[str, list[Json]] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Client:
        capabilities = {
            "textDocument": {
                "hover": {"contentFormat": ["markdown", "plaintext"]},
                "completion": {"completionItem": {"snippetSupport": False}},
                "rename": {"prepareSupport": True},
            },
            "workspace": {"configuration": True},
        }
        root = {"processId": None, "rootUri": self.folder.as_uri(), "capabilities": capabilities}
        self.capabilities = self.request("initialize", root)["capabilities"]
        self.notify("initialized", {})
        self.notify("workspace/didChangeConfiguration", {"settings": self.settings or {}})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.request("shutdown", None)
                self.notify("exit", None)
                assert self.process.wait(PATIENCE_SECONDS) == 0
        finally:
            self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout):
                if stream:
                    stream.close()

    # -- documents -----------------------------------------------------------------------------------------------

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str) -> list[Json]:
        """Show a text, as one that was opened or typed; gives the diagnostics of it."""
        self.show(name, text)
        return self.diagnostics_of(name)

    def show(self, name: str, text: str) -> None:
        uri = self.uri(name)
        self.diagnostics.pop(uri, None)
        self.versions[uri] = self.versions.get(uri, 0) + 1
        if self.versions[uri] == 1:
            document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
            self.notify("textDocument/didOpen", {"textDocument": document})
        else:
            versioned = {"uri": uri, "version": self.versions[uri]}
            changes = {"textDocument": versioned, "contentChanges": [{"text": text}]}
            self.notify("textDocument/didChange", changes)

    def diagnostics_of(self, name: str) -> list[Json]:
        found: list[Json] = self.wait_for(lambda: self.diagnostics.get(self.uri(name)))
        return found

    def at(self, method: str, name: str, text: str, mark: str, offset: int = 0, **more: Json) -> Json:
        """Ask about the place of `mark` in the text (`offset` characters behind its beginning)."""
        index = text.index(mark) + offset
        line = text.count("\n", 0, index)
        place = {"line": line, "character": index - (text.rfind("\n", 0, index) + 1)}
        return self.request(
            f"textDocument/{method}", {"textDocument": {"uri": self.uri(name)}, "position": place, **more}
        )

    # -- messages ------------------------------------------------------------------------------------------------

    def request(self, method: str, parameters: Json) -> Json:
        self.number += 1
        number = self.number
        self._send({"id": number, "method": method, "params": parameters})
        self.wait_for(lambda: True if number in self.answers else None)
        answer = self.answers.pop(number)
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer.get("result")

    def notify(self, method: str, parameters: Json) -> None:
        self._send({"method": method, "params": parameters})

    def wait_for(self, condition: Any) -> Any:
        end = time.monotonic() + PATIENCE_SECONDS
        while (found := condition()) is None:
            assert time.monotonic() < end, "the server does not answer"
            try:
                self._take(self.incoming.get(timeout=1.0))
            except queue.Empty:
                assert self.process.poll() is None, "the server has ended"
        return found

    def _take(self, message: Json) -> None:
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            is_configuration = message["method"] == "workspace/configuration"
            items = message["params"]["items"] if is_configuration else []
            result = [(self.settings or {}).get(item.get("section")) for item in items] if is_configuration else None
            self._send({"id": message["id"], "result": result})
        elif "id" in message:
            self.answers[message["id"]] = message

    def _send(self, message: Json) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream
        while line := stream.readline():
            length = 0
            while line.strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                line = stream.readline()
            self.incoming.put(json.loads(stream.read(length)))
