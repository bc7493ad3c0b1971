"""The bytes of what a user gives, bounded, and the text in them."""

from __future__ import annotations

import os
import stat
import sys
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from errno import ENOENT
from functools import lru_cache
from pathlib import Path
from typing import TextIO

from gitops.disk.reading import decode
from gitops.disk.refusals import advice
from gitops.disk.writing import replace
from gitops.location import Location
from gitops.problems import InvalidInput, Problem

LIMIT = 64 << 20
"""Bytes of one file or of stdin."""
STDIN = "<stdin>"

_CHUNK = 1 << 16
_PIPES = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
"""Where a shell puts the output of `<(command)`."""
_KINDS = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISDIR, "a folder"), (stat.S_ISREG, "a file"))


def read_file(path: str, shown: str) -> bytes:
    """The content of a file, or of the pipe that a shell made. Raises InvalidInput: unreadable, too-large."""
    try:
        descriptor = os.open(
            path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        )  # a pipe that nobody writes holds nobody up
        try:
            return _bounded(descriptor, path, shown)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise InvalidInput([unreadable(shown, error)]) from None


def read_stdin() -> bytes:
    """All of stdin, also for who asks again. Raises InvalidInput: unreadable, too-large."""
    return _all_of(sys.stdin)


@lru_cache(maxsize=1)
def _all_of(stream: TextIO) -> bytes:
    try:
        content = stream.buffer.read(LIMIT + 1)
    except OSError as error:
        raise InvalidInput([unreadable(STDIN, error)]) from None
    if len(content) > LIMIT:
        raise InvalidInput([_too_large(STDIN)])
    return content


def text_of(content: bytes, file: str) -> tuple[str, str]:
    """The text and its codec. As kubectl and kustomize have it, who take UTF-16 that says so.

    Raises InvalidInput: binary-file, not-utf8.
    """
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        text = content.decode("utf-16", "replace")
        if not {"\0", "\ufffd"} & set(text):
            return text, "utf-16"
    elif b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        hint = "only text is read: YAML or JSON in UTF-8"
        raise InvalidInput([Problem("binary-file", f"`{file}` is binary", Location(file, line), hint=hint)])
    return decode(content, file), "utf-8-sig" if content.startswith(BOM_UTF8) else "utf-8"


def rewrite(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file that was read, whole or not at all; a symlink goes on leading to it. Raises ToolError."""
    replace(Path(os.path.realpath(path)), content)


def is_file(shown: str) -> bool:
    """Whether what was read under this name can be written again: it is neither stdin nor the output of a command."""
    return shown != STDIN and not shown.startswith(_PIPES)


def unreadable(shown: str, error: OSError) -> Problem:
    """The disk refused."""
    reason = (error.strerror or "unknown reason").lower()
    hint = "" if error.errno == ENOENT else advice(error)  # it is not a file that was there a moment ago
    return Problem("unreadable", f"cannot read `{shown}`: {reason}", Location(shown), hint=hint)


def _bounded(descriptor: int, path: str, shown: str) -> bytes:
    status = os.fstat(descriptor)
    is_regular = stat.S_ISREG(status.st_mode)
    if not is_regular:
        if not path.startswith(_PIPES):
            raise InvalidInput([_no_file(shown, status.st_mode)])
        os.set_blocking(descriptor, True)
    chunk = os.read(descriptor, _CHUNK)
    if is_regular and len(chunk) < _CHUNK:
        return chunk
    chunks, size = [chunk], len(chunk)
    while chunk and size <= LIMIT:
        chunk = os.read(descriptor, _CHUNK)
        chunks.append(chunk)
        size += len(chunk)
    if size > LIMIT:
        raise InvalidInput([_too_large(shown)])
    return b"".join(chunks)


def _too_large(shown: str) -> Problem:
    hint = "no manifest is that large: is it the right file?"
    return Problem("too-large", f"`{shown}` has more than {LIMIT >> 20} MiB", Location(shown), hint=hint)


def _no_file(shown: str, mode: int) -> Problem:
    what = next((name for is_it, name in _KINDS if is_it(mode)), "a device")
    return Problem("unreadable", f"cannot read `{shown}`: it is {what}, not a file", Location(shown))
