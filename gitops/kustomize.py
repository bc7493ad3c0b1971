"""The world: the real kustomize program, which is the last word on what an overlay means."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
from pathlib import Path

from gitops.objects import Object
from gitops.problems import InvalidInput, ToolError

TIMEOUT = 300
"""Seconds that one run may take. Argo CD gives up after 90."""

_SEPARATOR = re.compile(r"^---\n", re.MULTILINE)
_TOO_BIG = re.compile(r"[0-9.]e[-+]?[0-9]{3}|[0-9]{300}", re.IGNORECASE)

INSTALL = "install it on PATH, or run `make tools`"


def find(project: Path | None = None) -> Path | None:
    """The kustomize program: on PATH, else the project's own `.tools/bin/kustomize`; None if there is neither."""
    own = os.fspath(project / ".tools" / "bin") if project else ""
    found = shutil.which("kustomize") or (shutil.which("kustomize", path=own) if own else None)
    return Path(found) if found else None


def build(folder: Path, program: Path | None = None) -> list[Object]:
    """The objects that `kustomize build` makes of a folder, in its order; `program` is the one on PATH by default.

    ToolError with kustomize's own message if it fails, cannot be run, or takes over `TIMEOUT` seconds.
    """
    program = program or find()
    if program is None:
        raise ToolError(f"kustomize is not installed: {INSTALL}")
    text = _run(program, "build", os.fspath(folder))
    try:
        return _parse(text, os.fspath(folder))
    except InvalidInput as error:
        raise ToolError(f"{program} build {folder} wrote what is not YAML: {error}") from error


def version(program: Path) -> str:
    """What the program calls its version, such as `v5.8.1`. Raises ToolError as `build` does."""
    return _run(program, "version").strip()


def _run(program: Path, *arguments: str) -> str:
    command = " ".join((os.fspath(program), *arguments))
    try:
        done = subprocess.run(
            [program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False
        )
    except OSError as error:
        raise ToolError(f"cannot run {command}: {error.strerror}; {INSTALL}") from error
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"{command} took more than {TIMEOUT} s and was stopped") from error
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().removeprefix("Error: ")
        raise ToolError(f"{command} failed with exit status {done.returncode}: {reason}")
    return done.stdout.decode("utf-8", "replace")


def _parse(text: str, source: str) -> list[Object]:
    """Document by document, so that a doubtful one does not make the reading of all the others slow."""
    from gitops.yaml import parse_all

    objects: list[Object] = []
    for document in _SEPARATOR.split(text):
        objects += _parse_as_go(document, source) if _TOO_BIG.search(document) else parse_all(document, source)
    return objects


def _parse_as_go(text: str, source: str) -> list[Object]:
    """Kustomize leaves `123e456` without quotes: its readers, all in Go, take a number out of range for a string."""
    from gitops.yaml.core import Reader, documents

    trees = documents(text, source)
    left = list(trees)
    while left:
        node = left.pop()
        left += [*node.items, *(child for entry in node.entries for child in entry)]
        if node.kind == "scalar" and not node.style and node.text[-1:].isdigit() and _is_infinite(node.text):
            node.style = '"'
    reader = Reader(source)
    values = [reader.data(tree) for tree in trees]
    if reader.problems:
        raise InvalidInput(reader.problems)
    return [value for value in values if value is not None]


def _is_infinite(text: str) -> bool:
    try:
        return math.isinf(float(text))
    except ValueError:
        return False
