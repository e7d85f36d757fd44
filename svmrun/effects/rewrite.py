"""Replace a file's content at once: whoever reads it sees the old or the new one, never a part."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from svmrun.errors import InvalidInput, Problem


def rewrite(path: Path, content: bytes, *, was: bytes) -> None:
    """Put `content` in the place of `was`. A link stays a link; mode, and owner where allowed, are kept.

    Raises InvalidInput when the file cannot be written, or no longer holds what was read.
    """
    target = path.resolve()
    try:
        status = target.stat()
        if not os.access(target, os.W_OK):
            raise PermissionError(None, "it is write-protected")
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            _fill(descriptor, content, status)
            if target.read_bytes() != was:
                raise OSError(None, "somebody else has changed it meanwhile")
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise InvalidInput([Problem(f"cannot rewrite {path}: {error.strerror}")]) from error


def _fill(descriptor: int, content: bytes, status: os.stat_result) -> None:
    with open(descriptor, "wb") as file:
        with contextlib.suppress(PermissionError):  # only the superuser may give a file away
            os.fchown(descriptor, status.st_uid, status.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
        file.write(content)
        file.flush()
        os.fsync(descriptor)
