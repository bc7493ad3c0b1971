"""The world: the real kustomize program, which is the last word on what an overlay means."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from gitops.objects import Object
from gitops.problems import InvalidInput, ToolError

TIMEOUT = 300
"""Seconds that one run may take. Argo CD gives up after 90."""

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
    from gitops.yaml import parse_all

    program = program or find()
    if program is None:
        raise ToolError(f"kustomize is not installed: {INSTALL}")
    text = _run(program, "build", os.fspath(folder))
    try:
        return parse_all(text, os.fspath(folder))
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
