#!/usr/bin/env python3
"""Set svmrun up in `.venv` beside this file, then run it or its tests. Needs Python 3.11 and nothing else.

    python3 bootstrap.py COMMAND [ARGUMENT...]    as `svmrun COMMAND ...`, e.g. execute mirror-backup --simulate
    python3 bootstrap.py test [ARGUMENT...]       the tests; the arguments are pytest's

The set-up is done once, and again when what the project depends on has changed.
"""

from __future__ import annotations

import configparser
import contextlib
import fcntl
import hashlib
import html
import importlib.util
import os
import re
import shutil
import ssl
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST_PYTHON = (3, 11)

# Debian ships Python without ensurepip. This one file is then fetched, and believed only if it is what it was.
PIP_WHEEL = "pip-26.2.1-py3-none-any.whl"
PIP_SHA256 = "71138adf1f4ca900cdb7d289c21b7494329f2332b6d85f0e1c42108c0384ed3e"
PUBLIC_INDEX = "https://pypi.org/simple"
FETCH_SECONDS = 60


class SetUpError(Exception):
    """A sentence with what to do."""


def main(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if words else 2
    testing = words[0] == "test"
    try:
        set_up("dev" if testing else "")
        if testing:
            install_programs()
    except SetUpError as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    if testing:
        os.chdir(ROOT)
        return become([str(PYTHON), "-m", "pytest", *words[1:]])
    return become([str(VENV / "bin" / "svmrun"), *words])


def become(command: list[str]) -> NoReturn:
    """Go on as that program: signals, terminal and exit code are its own."""
    os.execv(command[0], command)


def set_up(extra: str) -> None:
    """Make `.venv` hold the project, with its optional dependencies `extra`. Raises SetUpError."""
    if sys.version_info < OLDEST_PYTHON:
        raise SetUpError(f"svmrun needs Python 3.11 or later, and this is {sys.version.split()[0]}")
    digest = wanted_digest()
    if is_stamped(digest, extra):
        return
    with only_one():
        if is_stamped(digest, extra):  # by another one that was waited for
            return
        make_environment()
        install(f"{ROOT}[{extra}]" if extra else str(ROOT))
        stamp(extra).write_text(digest, encoding="ascii")


def wanted_digest() -> str:
    """Changes when the dependencies, the build or the interpreter may have changed; not with a linter's setting."""
    import tomllib

    try:
        tables = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    except OSError as error:
        raise SetUpError(f"cannot read {error.filename}: {error.strerror}") from error
    wanted = repr([tables["build-system"], tables["project"], str(ROOT), sys.version_info[:2]])
    return hashlib.sha256(wanted.encode()).hexdigest()


def stamp(extra: str) -> Path:
    return VENV / f"set-up-{extra or 'run'}"


def is_stamped(digest: str, extra: str) -> bool:
    """The tests' set-up has all that running needs."""
    names = {stamp(extra), stamp("dev")}
    return PYTHON.exists() and any(name.is_file() and name.read_text(encoding="ascii") == digest for name in names)


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Two at once would install into one folder."""
    try:
        VENV.mkdir(exist_ok=True)
        with (VENV / "set-up.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise SetUpError(f"cannot set up {VENV}: {error.strerror or error}") from error


def make_environment() -> None:
    if PYTHON.exists() and subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return
    print(f"bootstrap: making {VENV}", file=sys.stderr)
    if importlib.util.find_spec("venv") is None:
        raise SetUpError("this Python has no module venv; install the package python3-venv")
    has_pip = importlib.util.find_spec("ensurepip") is not None
    run([sys.executable, "-m", "venv", *([] if has_pip else ["--without-pip"]), VENV], "make the environment")
    if not has_pip:
        wheel = VENV / PIP_WHEEL
        wheel.write_bytes(fetch_pip())
        run([PYTHON, wheel / "pip", "install", "--quiet", "--no-index", wheel], "install pip")
        wheel.unlink()


def install(what: str) -> None:
    print("bootstrap: installing what svmrun needs (once)", file=sys.stderr)
    quiet = ["--quiet", "--quiet", "--disable-pip-version-check", "--no-input"]
    run([PYTHON, "-m", "pip", "install", *quiet, "--editable", what], "install svmrun")


def install_programs() -> None:
    """What the tests use besides Python. Without it those that need it say so."""
    os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"
    lines = (ROOT / "tests" / "programs.txt").read_text(encoding="ascii").splitlines()
    wanted = dict(line.split() for line in lines if line and not line.startswith("#"))
    missing = sorted({package for program, package in wanted.items() if shutil.which(program) is None})
    install_from_npm([name.removeprefix("npm:") for name in missing if name.startswith("npm:")])
    packages = [name for name in missing if not name.startswith("npm:")]
    if not packages:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(f"bootstrap: for all tests to run, install {' '.join(packages)}", file=sys.stderr)
        return
    print(f"bootstrap: installing {' '.join(packages)}", file=sys.stderr)
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    run(["apt-get", "update", "-qq"], "read the lists of packages")
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], "install packages")


def install_from_npm(packages: list[str]) -> None:
    """Into `.venv/npm`, once. Without it the tests that use them say so."""
    folder = VENV / "npm"
    absent = [one for one in packages if not (folder / "node_modules" / one.rpartition("@")[0]).is_dir()]
    if not absent:
        return
    if shutil.which("npm") is None:
        print(f"bootstrap: for all tests to run, install npm (it then gets {' '.join(absent)})", file=sys.stderr)
        return
    print(f"bootstrap: installing {' '.join(absent)}", file=sys.stderr)
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), *absent]
    if subprocess.run(command, stdout=sys.stderr, stdin=subprocess.DEVNULL).returncode != 0:
        print("bootstrap: npm could not get it; the tests that need it are left out", file=sys.stderr)


def run(command: list[str | Path], purpose: str) -> None:
    """What the program says goes to standard error: standard output belongs to svmrun."""
    if subprocess.run(command, stdout=sys.stderr, stdin=subprocess.DEVNULL).returncode != 0:
        raise SetUpError(f"cannot {purpose}: see the lines above; after mending it, repeat this command")


def fetch_pip() -> bytes:
    """The pip of PIP_SHA256, from the index that pip itself would use."""
    index = (os.environ.get("PIP_INDEX_URL") or configured_index() or PUBLIC_INDEX).rstrip("/") + "/pip/"
    for reference in re.findall(r'href="([^"]+)"', get(index).decode("utf-8", "replace")):
        url = urllib.parse.urljoin(index, html.unescape(reference))
        if urllib.parse.urlsplit(url).path.endswith(f"/{PIP_WHEEL}"):
            data = get(url)
            if hashlib.sha256(data).hexdigest() == PIP_SHA256:
                return data
            raise SetUpError(f"{url} is not the file it should be; install the package python3-venv instead")
    raise SetUpError(f"{index} has no {PIP_WHEEL}; install the package python3-venv instead")


def configured_index() -> str | None:
    """`index-url` of pip's own configuration; the most particular file wins."""
    home = Path.home()
    named = os.environ.get("PIP_CONFIG_FILE")
    files = [Path("/etc/pip.conf"), home / ".pip" / "pip.conf", home / ".config" / "pip" / "pip.conf"]
    settings = configparser.RawConfigParser()
    with contextlib.suppress(configparser.Error):
        settings.read([*files, *([named] if named else [])], encoding="utf-8")
    return settings.get("global", "index-url", fallback=None)


def get(url: str) -> bytes:
    """A fresh machine may have no certificates at all; the digest vouches for what is run, so it may do without."""
    request = urllib.request.Request(url, headers={"Accept": "text/html", "User-Agent": "svmrun-bootstrap"})
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    problem: OSError | None = None
    for context in (ssl.create_default_context(cafile=os.environ.get("PIP_CERT")), unverified):
        try:
            with urllib.request.urlopen(request, timeout=FETCH_SECONDS, context=context) as answer:
                data: bytes = answer.read()
                return data
        except OSError as error:  # URLError is one
            problem = error
            if not isinstance(getattr(error, "reason", None), ssl.SSLCertVerificationError):
                break
    raise SetUpError(f"cannot fetch {url}: {problem}; install the package python3-venv, or give PIP_INDEX_URL")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
