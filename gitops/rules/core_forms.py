"""What the rules of core kinds share: the forms of names, the reading of lists, and checks that several of them make.

A check yields a Wrong for each thing that is wrong; the rule that asks makes faults of them. Everything here reads an object as the
API server does: null and nothing are the same, and so are an item that is null and an empty one.
Source of the forms: k8s.io/apimachinery pkg/util/validation/validation.go and k8s.io/kubernetes pkg/apis/core/validation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_UP, Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from gitops.faults import Fix, Path
from gitops.objects import Object
from gitops.problems import Severity, nearest
from gitops.quantity import amount
from gitops.rules.base import at
from gitops.schemas.faults import dotted
from gitops.schemas.words import names, quote

REFUSED = "the API server refuses the object, so that a sync fails"
INT32 = 2**31 - 1


class Wrong(NamedTuple):
    """A fault before it is known of which rule: what follows the rule in a Fault."""

    pointer: Path
    message: str
    found: str = ""
    expected: str = ""
    why: str = REFUSED
    hint: str = ""
    severity: Severity = "error"
    fix: Fix | None = None


Wrongs = Iterable[Wrong]
"""What a check finds: mostly nothing, so that the small ones make no generator for it."""


def wrong(path: Path, what: str, found: Any = None, expected: str = "", hint: str = "") -> Wrong:
    """`what` follows the field's name in the message."""
    subject = f"`{dotted(path)}`" if path else "the object"
    return Wrong(path, f"{subject} {what}", "" if found is None else quote(found), expected, REFUSED, hint)


def lacking(path: Path, expected: str = "", hint: str = "") -> Wrong:
    """A field that must be there."""
    return Wrong(path, f"`{dotted(path)}` is missing", "nothing", expected, REFUSED, hint)


def part(obj: Any, *path: str | int) -> Object:
    """The map at a path, empty where there is none."""
    found = at(obj, *path)
    return found if isinstance(found, dict) else {}


def each(obj: Any, path: Path, *field: str) -> Sequence[tuple[Path, Object]]:
    """The maps of the list in a field of `obj`, which stands at `path`. An item that is null is an empty one."""
    found = at(obj, *field)
    if not found or not isinstance(found, list):
        return ()
    here = (*path, *field)
    maps = [(index, item) for index, item in enumerate(found) if item is None or isinstance(item, dict)]
    return [((*here, index), item or {}) for index, item in maps]


def texts(obj: Any, path: Path, *field: str) -> Iterator[tuple[Path, str]]:
    """The texts of a list, with their places."""
    found = at(obj, *field)
    for index, item in enumerate(found if isinstance(found, list) else ()):
        yield (*path, *field, index), item or ""


class Form(NamedTuple):
    """How a text must be written: the pattern of the whole of it, how long it may be, and the same in words."""

    pattern: re.Pattern[str]
    longest: int
    words: str

    def fits(self, text: str) -> bool:
        """Whether a text is written so."""
        return len(text) <= self.longest and bool(self.pattern.fullmatch(text))


_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_NAME = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_ENDS = "with a letter or digit at both ends"
LABEL = Form(re.compile(_LABEL), 63, f"at most 63 lower-case letters, digits and `-`, {_ENDS}")
SUBDOMAIN = Form(re.compile(_SUBDOMAIN), 253, f"at most 253 lower-case letters, digits, `-` and `.`, {_ENDS}")
QUALIFIED = Form(
    re.compile(rf"(?=[^/]{{1,253}}/|[^/]*\Z)({_SUBDOMAIN}/)?{_NAME}"),
    317,
    "an optional DNS prefix with `/`, and at most 63 letters, digits, `-`, `_` and `.`",
)
LABEL_VALUE = Form(re.compile(rf"({_NAME})?"), 63, f"at most 63 letters, digits, `-`, `_` and `.`, {_ENDS}")
DATA_KEY = Form(
    re.compile(r"(?!\.\.)(?!\.\Z)[-._a-zA-Z0-9]+"), 253, "letters, digits, `-`, `_` and `.`, not `..` first"
)
VARIABLE = Form(re.compile(r"[ -<>-~]+"), 2**31, "printable ASCII characters other than `=`")
PORT_NAME = Form(
    re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?"),
    15,
    "at most 15 lower-case letters, digits and single `-`, one letter at least",
)
HEADER = Form(re.compile("[-A-Za-z0-9]+"), 2**31, "letters, digits and `-`")
SEGMENT = Form(re.compile(r"(?!\.{1,2}\Z)[^/%]+"), 2**31, "anything but `.`, `..` and what has `/` or `%` in it")


def written(path: Path, text: str, form: Form) -> Wrongs:
    """Whether a text that stands at a path has its form."""
    return () if form.fits(text) else (wrong(path, "is not written as it must be", text, form.words),)


def named(path: Path, obj: Mapping[str, Any], field: str, form: Form) -> Wrongs:
    """Whether a field is there and has its form."""
    text = obj.get(field)
    if not text:
        return (lacking((*path, field), form.words),)
    return () if form.fits(text) else written((*path, field), text, form)


def if_named(path: Path, obj: Mapping[str, Any], field: str, form: Form) -> Wrongs:
    """Whether a field has its form, if it is there and not empty."""
    text = obj.get(field)
    return written((*path, field), text, form) if text else ()


def required(path: Path, obj: Mapping[str, Any], *fields: str) -> Wrongs:
    """Whether fields are there, and not empty."""
    return [lacking((*path, field)) for field in fields if not obj.get(field)]


def one_of(path: Path, obj: Mapping[str, Any], field: str, options: Collection[str], *, must: bool = False) -> Wrongs:
    """Whether a field has one of the values that there are; an empty one is as good as none, which the API server fills in."""
    if value := obj.get(field):
        return known((*path, field), value, options)
    return (lacking((*path, field), names(options)),) if must else ()


def known(path: Path, value: Any, options: Collection[str]) -> Wrongs:
    """Whether a value is one of those that there are."""
    if value in options:
        return ()
    near = nearest(str(value), options)
    return (wrong(path, "has a value that is not allowed", value, names(options), near and f"did you mean `{near}`?"),)


def within(path: Path, obj: Mapping[str, Any], field: str, low: int, high: int = INT32) -> Wrongs:
    """Whether a number is in a range, if it is there."""
    value = obj.get(field)
    if value is None or low <= value <= high:
        return ()
    limits = f"{low} to {high}" if high < INT32 else f"{low} or more"
    return (wrong((*path, field), "is out of range", value, limits),)


def counts(path: Path, obj: Mapping[str, Any], *fields: str) -> Wrongs:
    """Whether numbers are not negative, where they are there."""
    return [fault for field in fields for fault in within(path, obj, field, 0, 2**63)]


def port(path: Path, value: Any, *, name: bool = True) -> Wrongs:
    """Whether a port is a number from 1 to 65535, or the name of one; nothing is neither."""
    if name and isinstance(value, str):
        yield from written(path, value, PORT_NAME)
    elif not 1 <= (value or 0) <= 65535:
        yield (
            lacking(path, "a port from 1 to 65535") if value is None else wrong(path, "is no port", value, "1 to 65535")
        )


def without_steps(path: Path, text: str) -> Wrongs:
    """Whether a path has no `..` among its parts."""
    if ".." in text and ".." in text.split("/"):
        return (wrong(path, "leads out of its folder", text, "a path without `..`"),)
    return ()


def inside(path: Path, text: str) -> Wrongs:
    """Whether a path is relative and stays where it begins."""
    steps = without_steps(path, text)
    return (wrong(path, "is an absolute path", text, "a relative path"), *steps) if text.startswith("/") else steps


def once(places: Iterator[tuple[Path, Any]], what: str = "is there already") -> Wrongs:
    """Whether no two values are the same; those that are empty do not count."""
    seen = set()
    for path, value in places:
        if value and value in seen:
            yield wrong(path, what, value if isinstance(value, str | int) else None, "each one once")
        seen.add(value)


def milli(value: Any) -> int:
    """A quantity in thousandths, rounded away from zero as the API server rounds amounts; 0 for what is none."""
    return 0 if value is None else _milli(str(value))


@lru_cache(4096)
def _milli(text: str) -> int:
    try:
        return int((amount(text) * 1000).quantize(Decimal(1), rounding=ROUND_UP))
    except (ValueError, ArithmeticError):
        return 0


def labels(path: Path, found: Any) -> Wrongs:
    """Whether labels have the form of labels."""
    for key, value in (found or {}).items() if isinstance(found, dict) else ():
        yield from written((*path, key), key, QUALIFIED)
        yield from written((*path, key), value or "", LABEL_VALUE)


def alone(path: Path, obj: Mapping[str, Any], fields: Collection[str], what: str) -> Wrongs:
    """Whether no two of several fields are there, of which one would do."""
    given = [field for field in fields if obj.get(field) is not None]
    if len(given) < 2:
        return ()
    expected, hint = f"one {what}: {' or '.join(given)}", "keep one of them"
    return (wrong((*path, given[1]), f"stands beside `{given[0]}`", None, expected, hint),)


Check = Callable[[Path, Object], Wrongs]
