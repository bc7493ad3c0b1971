"""Inputs are read whole, as UTF-8, and what cannot be read is a problem with its place."""

from __future__ import annotations

import os
import stat
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

from gitops.disk.refusals import advice
from gitops.location import Location
from gitops.problems import InvalidInput, Problem

LIMIT = 50 * 1024 * 1024
"""Bytes. A larger input is a mistake (a dump, a model), not a spec."""

_CHUNK = 1 << 16


def read_bytes(path: str | os.PathLike[str], shown: str = "") -> bytes:
    """The content of a file or pipe of at most `LIMIT` bytes.

    Raises InvalidInput (rules `unreadable`, `too-large`); `shown` is how the user knows the file, if not as `path`.
    """
    place = shown or os.fspath(path)
    try:
        content = _read(path)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise _invalid("unreadable", f"cannot read `{place}`: {reason}", place, advice(error)) from error
    except ValueError as error:  # a NUL or half a surrogate pair in the path
        raise _invalid("unreadable", f"cannot read {place!r}: no file can have this name", ascii(place)) from error
    if len(content) > LIMIT:
        message = f"`{place}` has more than {LIMIT >> 20} MiB"
        raise _invalid(
            "too-large", message, place, "no spec, values file or schema is that large: is it the right file?"
        )
    return content


def _read(path: str | os.PathLike[str]) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        content = os.read(descriptor, _CHUNK)
        if not content:
            return content
        chunks, size = [content], len(content)
        while size <= LIMIT and (chunk := os.read(descriptor, _CHUNK)):
            chunks.append(chunk)
            size += len(chunk)
        return b"".join(chunks)
    finally:
        os.close(descriptor)


def read_text(path: str | os.PathLike[str], shown: str = "") -> str:
    """The text of a UTF-8 file, without its byte order mark if it has one; line ends are left as they are.

    Raises InvalidInput (rules `unreadable`, `too-large`, `not-utf8`) as `read_bytes` does.
    """
    return decode(read_bytes(path, shown), shown or os.fspath(path))


def is_there(path: str | os.PathLike[str]) -> bool:
    """Whether there is a file, and not something else, that can be looked at."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - one call for all
    except (OSError, ValueError):
        return False


def decode(content: bytes, shown: str) -> str:
    """The text of the bytes of a file that the user knows as `shown`. Raises InvalidInput (rule `not-utf8`)."""
    try:
        return content.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput([_not_utf8(content.removeprefix(BOM_UTF8), error.start, shown)]) from error


def _not_utf8(content: bytes, offset: int, shown: str) -> Problem:
    before = content[:offset]
    line = before.count(b"\n") + 1
    column = len(before.rpartition(b"\n")[2].decode()) + 1
    utf16 = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    found = "UTF-16" if utf16 else f"byte 0x{content[offset]:02x}"
    message = f"`{shown}` is not UTF-8"
    return Problem("not-utf8", message, Location(shown, line, column), found=found, hint="save it as UTF-8")


def _invalid(rule: str, message: str, place: str, hint: str = "") -> InvalidInput:
    return InvalidInput([Problem(rule, message, Location(place), hint=hint)])
