"""URLs and durations as Go programs read them: what Python's own readers take or refuse does not decide."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from gitops.rules.patterns import pattern

_CONTROL = pattern(r"[\x00-\x1f\x7f]")
_SCHEME = pattern(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_BAD_ESCAPE = pattern(r"%(?![0-9A-Fa-f]{2})")
_BAD_IN_HOST = pattern(r"[ \\^`{|}#?/@%]")
_PORT = pattern(r"(:[0-9]*)?")
_USERINFO = pattern(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")


class Url(NamedTuple):
    """A URL in parts. `host` has the port with it."""

    scheme: str
    host: str
    path: str

    @property
    def absolute(self) -> bool:
        """Whether it has a scheme; it may lack a host even so."""
        return bool(self.scheme)


@lru_cache(1024)
def url(text: str) -> Url | None:
    """The parts, or None where Go would refuse it.

    Source: Go `net/url` Parse. Percent escapes stay as they are written.
    """
    body, _, fragment = text.partition("#")
    if _CONTROL.search(text) or _BAD_ESCAPE.search(fragment) or body.startswith(":"):
        return None
    match = _SCHEME.fullmatch(body)
    scheme, rest = match.groups() if match else ("", body)
    rest = rest.partition("?")[0]
    if not rest.startswith("/"):
        if scheme:
            return Url(scheme.lower(), "", "")  # such as mailto:x, and host:8080
        if ":" in rest.partition("/")[0]:
            return None
    host = ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        user, _, host = authority.rpartition("@")
        if not _USERINFO.fullmatch(user) or _BAD_ESCAPE.search(user) or not _is_host(host):
            return None
    return None if _BAD_ESCAPE.search(rest) else Url(scheme.lower(), host, rest)


def _is_host(host: str) -> bool:
    if host.startswith("["):
        inside, bracket, port = host[1:].partition("]")
        return bool(bracket and _PORT.fullmatch(port)) and not _BAD_IN_HOST.search(inside.replace("%25", ""))
    _, colon, port = host.rpartition(":")
    return "[" not in host and bool(_PORT.fullmatch(colon + port if colon else "")) and not _BAD_IN_HOST.search(host)


class Period(NamedTuple):
    """An ISO 8601 duration. `overflows`: one of its numbers is too large for a reader that keeps it as it is written."""

    zero: bool
    negative: bool
    overflows: bool


_NUMBER = r"\d{1,9}(?:\.(?:\d[\d.,]*)?|,(?:\d[\d,]*)?)?"
_PERIOD = pattern(rf"([+-]?)P((?:{_NUMBER}[YMWD])*)(?:T((?:{_NUMBER}[HMS])*))?")
_FIELD = pattern(rf"({_NUMBER})([A-Z])")
_LARGEST = 32767  # tenths in an int16


def period(text: str) -> Period | None:
    """A duration such as `PT0.3S`, counted in tenths of each unit, or None where it is refused.

    Source: github.com/rickb777/date v1.14.1 `period/parse.go`, which Knative uses.
    """
    if text == "P0":
        return Period(zero=True, negative=False, overflows=False)
    match = _PERIOD.fullmatch(text)
    if not match:
        return None
    sign, dates, times = match.groups()
    fields = {f"{unit} of date": _tenths(number) for number, unit in _FIELD.findall(dates)}
    fields |= {f"{unit} of time": _tenths(number) for number, unit in _FIELD.findall(times or "")}
    broken = [tenths % 10 != 0 for tenths in fields.values()]
    twice = len(fields) < len(_FIELD.findall(dates + (times or "")))
    years = fields.get("Y of date", 0) + fields.get("M of date", 0) // 120 * 10
    if not fields or twice or any(a and b for a, b in pairwise(broken)) or years > _LARGEST:
        return None
    days = fields.get("D of date", 0) + 7 * fields.pop("W of date", 0)
    zero = not days and not any(fields.values())
    return Period(zero, sign == "-" and not zero, any(tenths > _LARGEST for tenths in (days, *fields.values())))


def _tenths(number: str) -> int:
    whole, _, fraction = number.replace(",", ".").partition(".")
    return int(whole) * 10 + int(fraction[:1] or 0)
