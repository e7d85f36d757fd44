"""Approvals: a plan's hash, signed with an SSH key and verified without any network (ssh-keygen(1), -Y)."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from svmrun.errors import Refused, UsageError

NAMESPACE = "svmrun"
SUFFIX = ".sig"
_KEY = re.compile(rb" key (SHA256:\S+)")  # Good "svmrun" signature for NAME with ED25519 key SHA256:...
_SECONDS = 120.0  # a person may have to touch a key, or type its passphrase


@dataclass(frozen=True)
class Approval:
    """One signature file. `signer` and the fingerprint of its `key` are empty when it does not count: see `fault`."""

    path: Path
    signer: str = ""
    key: str = ""
    fault: str = ""


def message(plan_hash: str) -> bytes:
    """What is signed."""
    return f"svmrun plan {plan_hash}\n".encode()


def sign(plan_hash: str, key: Path, target: Path) -> None:
    """Sign with `key` (a private key, or the public one of a key in the agent). Raises Refused or UsageError."""
    done = _keygen("-Y", "sign", "-f", str(key), "-n", NAMESPACE, text=message(plan_hash), asks=True)
    if done.returncode or not done.stdout:
        raise Refused(f"the plan was not signed: {_words(done)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(done.stdout)
    except OSError as error:
        raise UsageError(f"the signature cannot be written: {target}: {error.strerror}") from error


def approvals(plan_hash: str, folder: Path, allowed: Path, revoked: Path | None = None) -> list[Approval]:
    """Every signature of this plan in a folder, judged by the file of allowed signers (and of revoked keys)."""
    if not os.access(allowed, os.R_OK):
        raise UsageError(f"the file of allowed signers cannot be read: {allowed}")
    paths = sorted((folder / plan_hash).glob(f"*{SUFFIX}"))
    return [_judged(path, plan_hash, allowed, revoked) for path in paths]


def signers(found: list[Approval]) -> tuple[str, ...]:
    """Who approved. One person with two keys counts once, and so does one key under two names."""
    by_key = {approval.key: approval.signer for approval in reversed(found) if approval.signer}
    return tuple(sorted(set(by_key.values())))


def _judged(path: Path, plan_hash: str, allowed: Path, revoked: Path | None) -> Approval:
    """The key's own name counts; where that is a pattern, or may not sign plans, the one that the file is named by."""
    found = _keygen("-Y", "find-principals", "-s", str(path), "-f", str(allowed))
    names = found.stdout.decode("utf-8", "replace").replace(",", "\n").split("\n") if found.returncode == 0 else []
    plain = [name.strip() for name in names if name.strip() and not set(name) & set("*?!")]
    if not any(names):
        return Approval(path, fault="its key is not among the allowed signers")
    judged = [_verified(path, name, plan_hash, allowed, revoked) for name in (*plain, path.name.removesuffix(SUFFIX))]
    return next((approval for approval in judged if approval.signer), judged[0])


def _verified(path: Path, signer: str, plan_hash: str, allowed: Path, revoked: Path | None) -> Approval:
    revocation = ("-r", str(revoked)) if revoked else ()
    words = ("-Y", "verify", "-f", str(allowed), "-I", signer, "-n", NAMESPACE, "-s", str(path), *revocation)
    done = _keygen(*words, text=message(plan_hash))
    key = _KEY.search(done.stdout)
    if done.returncode or key is None:
        return Approval(path, fault=_words(done))
    return Approval(path, signer, key[1].decode())


def _keygen(*words: str, text: bytes = b"", asks: bool = False) -> subprocess.CompletedProcess[bytes]:
    """A passphrase is asked for at the terminal itself; nobody is asked while verifying."""
    try:
        return subprocess.run(
            ("ssh-keygen", *words),
            input=text,
            capture_output=True,
            timeout=_SECONDS,
            env={**os.environ, "LC_ALL": "C", **({} if asks else {"SSH_ASKPASS_REQUIRE": "never"})},
        )
    except FileNotFoundError as error:
        raise UsageError("ssh-keygen is needed for approvals; install openssh-client (8.2 or later)") from error
    except subprocess.TimeoutExpired as error:
        raise Refused(f"ssh-keygen did not end within {_SECONDS:.0f} seconds") from error


def _words(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return "; ".join(lines[-2:]) or f"ssh-keygen ended with {done.returncode}"
