"""The cache that lets a run do nothing when nothing changed: what was read and written, as the disk described it then.

It holds no content and no plain hash of any: names, stamps (size, inode and times of a file, in one number) and digests
keyed with a random key, which lies in the same file, mode 0600: nobody can look a secret's digest up in a table, while
whoever can read the whole cache can still test guesses, as whoever can read it can read the inputs as well.

    untouched      no input, output or folder has another stamp: nothing to do, and nothing was read
    fresh          one application: the same inputs by content, and its outputs untouched

A stamp is trusted as git trusts its index: not if the file changed so shortly before the stamp was taken that the clock
of the file system could hide another change. A cache that cannot be read is no cache, never an error.
"""

from __future__ import annotations

import marshal
import os
import sys
import time
import zlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from gitops.disk.private import NAME, private_folder
from gitops.disk.writing import replace

Stamps = dict[str, int]
"""Path relative to the project -> what `stat` said of it, in one number; `UNTRUSTED` matches nothing."""

UNTRUSTED = 0

TICK = 12_000_000
"""Nanoseconds. Kernels stamp files with a clock that moves at least every 10 ms (Linux: 1/CONFIG_HZ, HZ >= 100)."""

_COARSE_TICK = 2_000_000_000  # FAT; ext3, HFS+ and some network file systems have 1 s
_SECOND = 1_000_000_000
_FILE = "state"


class Entry(NamedTuple):
    """What one application, or all of them in common, was made of and what was made of it.

    `digest` is of the contents of the inputs; `blob` belongs to the caller, and must hold nothing secret.
    """

    digest: bytes
    inputs: Stamps
    outputs: Stamps
    blob: bytes = b""


class State(NamedTuple):
    """All that is remembered. `common` is what every application depends on; `key` is for `digest`."""

    key: bytes
    common: Entry
    applications: dict[str, Entry]


def load(project: Path, version: str) -> State | None:
    """What the last run of this `version` of the tool, under this Python, saved; None if there is nothing usable."""
    try:
        content = (project / NAME / _FILE).read_bytes()
        head, _, body = content.partition(b"\n")
        if head != _head(version, body):
            return None
        key, common, applications = marshal.loads(body)
        return State(key, Entry(*common), {name: Entry(*entry) for name, entry in applications.items()})
    except (OSError, EOFError, ValueError, TypeError, AttributeError):
        return None


def save(project: Path, version: str, state: State) -> None:
    """Replace what is remembered. Raises ToolError if the disk refuses, the old state is then still there."""
    applications = {name: tuple(entry) for name, entry in state.applications.items()}
    body = marshal.dumps((state.key, tuple(state.common), applications))
    replace(private_folder(project) / _FILE, _head(version, body) + b"\n" + body, mode=0o600)


def _head(version: str, body: bytes) -> bytes:
    """The first line: who can read the rest, and a checksum, as marshal takes anything for data."""
    return f"gitops cache, {version}, Python {sys.hexversion:x}, {zlib.crc32(body):08x}".encode()


def new_key() -> bytes:
    """A random key for `digest`."""
    return os.urandom(32)


def digest(key: bytes, chunks: Iterable[bytes]) -> bytes:
    """32 bytes that stand for this sequence of chunks (where one ends matters) under this key."""
    from hashlib import blake2b

    state = blake2b(key=key, digest_size=32)
    for chunk in chunks:
        state.update(len(chunk).to_bytes(8, "big"))
        state.update(chunk)
    return state.digest()


def untouched(state: State, project: Path) -> bool:
    """Whether every input, output and folder that is remembered is as it was. Reads no file."""
    entries = (state.common, *state.applications.values())
    return all(as_stamped(entry.inputs, project) and as_stamped(entry.outputs, project) for entry in entries)


def fresh(state: State, application: str, inputs: bytes, project: Path) -> bool:
    """Whether an application was last rendered from inputs of this digest, and its outputs are untouched since."""
    entry = state.applications.get(application)
    return entry is not None and entry.digest == inputs and as_stamped(entry.outputs, project)


def as_stamped(stamps: Stamps, project: Path) -> bool:
    """Whether every file and folder is as it was when it was stamped."""
    root = f"{project}/"
    stat = os.stat
    try:
        for path, stamp in stamps.items():
            if _stamp(stat(root + path)) != stamp:
                return False
    except OSError:
        return False
    return True


def input_stamps(project: Path, paths: Iterable[str], before: int) -> Stamps:
    """Stamps of inputs, and of folders whose listing matters, that were read after the moment `before` (`time.time_ns()`).

    What is not there, or changed after that or a moment earlier, gets no trust: the next run has to read it.
    """
    return {path: _trusted(f"{project}/{path}", before) for path in paths}


def output_stamps(
    project: Path, outputs: Mapping[str, Collection[str]], touched: Collection[str], since: int
) -> dict[str, Stamps]:
    """For each application, stamps of its outputs and of the folders they are in; to be taken after writing.

    `touched` are the files that this run wrote or removed. Whatever else changed after `since` (`time.time_ns()` from
    before the outputs were compared) was changed by someone else and gets no trust. If anything was touched, waits
    until the file system's clock has moved on, so that it can be trusted.
    """
    if touched:
        time.sleep(TICK / _SECOND)
    now = time.time_ns()
    ours = {*touched, *_folders(touched, all_above=True)}

    def stamp(path: str) -> int:
        return _trusted(f"{project}/{path}", now if path in ours else since)

    return {name: {path: stamp(path) for path in (*paths, *_folders(paths))} for name, paths in outputs.items()}


def _folders(paths: Iterable[str], all_above: bool = False) -> set[str]:
    folders = {path.rpartition("/")[0] for path in paths} - {""}
    return folders | _folders(folders, all_above) if all_above and folders else folders


def _trusted(path: str, before: int) -> int:
    """The stamp of a file that last changed so long `before` that any later change gives it another time."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a string, for speed
    except OSError:
        return UNTRUSTED
    ticks = (moment + (TICK if moment % _SECOND else _COARSE_TICK) for moment in (found.st_mtime_ns, found.st_ctime_ns))
    return _stamp(found) if max(ticks) < before else UNTRUSTED


def _stamp(found: os.stat_result) -> int:
    """One number: the hash of a tuple of numbers is the same in every process, and takes half the time of the tuple."""
    return hash((found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns))
