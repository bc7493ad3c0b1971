"""The tool's own folder in a project, and the lock in it that keeps two runs from writing at once."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitops.disk.refusals import refusal
from gitops.disk.writing import replace
from gitops.problems import ToolError

NAME = ".gitops_cache"

_TICK = 0.05


def private_folder(project: Path) -> Path:
    """The folder for what is ours and not to be committed, made if it is not there. Raises ToolError."""
    folder = project / NAME
    ignore = folder / ".gitignore"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        ignored = ignore.exists()
    except OSError as error:
        raise refusal("make the folder", folder, error) from error
    if not ignored:
        replace(ignore, b"*\n")
    return folder


@contextmanager
def lock(project: Path, patience: float = 10.0) -> Iterator[None]:
    """Hold the project for one writer; wait up to `patience` seconds for another to finish.

    The kernel frees the lock when its holder ends, however it ends. Raises ToolError if the other run takes longer.
    """
    path = private_folder(project) / "lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise refusal("open", path, error) from error
    try:
        _acquire(descriptor, path, time.monotonic() + patience)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, deadline: float) -> None:
    import fcntl

    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise ToolError(_busy(descriptor)) from None
            time.sleep(_TICK)
        except OSError as error:
            raise refusal("lock", path, error) from error


def _busy(descriptor: int) -> str:
    holder = os.pread(descriptor, 20, 0).decode("ascii", "replace")
    by = f" (process {holder})" if holder else ""
    return f"another gitops run is writing this project{by}; wait until it has finished, then run again"
