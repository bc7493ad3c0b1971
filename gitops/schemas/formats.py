"""String formats, judged as the API server does (k8s.io/kube-openapi/pkg/validation/strfmt, encoding/json, time).

A format that is not here is not judged, for the API server ignores most of those that JSON Schema names.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date, datetime

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_BASE64 = re.compile(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_DURATION = re.compile(r"[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)", re.ASCII)


def is_base64(text: str) -> bool:
    """Standard base64 as Go decodes it: padded to whole groups and no further; line breaks do not count."""
    return _BASE64.fullmatch(text.replace("\n", "").replace("\r", "")) is not None


def is_date_time(text: str) -> bool:
    """RFC 3339 with a zone."""
    if not _TIME.fullmatch(text):
        return False
    return _parses(datetime.fromisoformat, text[:19])


def is_date(text: str) -> bool:
    """RFC 3339's full-date."""
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII)) and _parses(date.fromisoformat, text)


def is_duration(text: str) -> bool:
    """Go's: `1h30m`, `300ms`."""
    return bool(_DURATION.fullmatch(text))


def is_uuid(text: str) -> bool:
    """With or without hyphens."""
    return bool(_UUID.fullmatch(text))


def is_ipv4(text: str) -> bool:
    """Dotted decimal."""
    return _parses(ipaddress.IPv4Address, text)


def is_ipv6(text: str) -> bool:
    """Without a zone."""
    return "%" not in text and _parses(ipaddress.IPv6Address, text)


def is_cidr(text: str) -> bool:
    """An address and the length of its prefix; host bits may be set."""
    return text.rpartition("/")[2].isdigit() and _parses(ipaddress.ip_interface, text)


def _parses(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _anything(text: str) -> bool:
    return True


_IGNORED = (
    *("email", "hostname", "idn-email", "idn-hostname", "iri", "iri-reference", "json-pointer", "regex"),
    *("relative-json-pointer", "time", "uri", "uri-reference", "uri-template", "int32", "int64", "float", "double"),
)
FORMATS: dict[str, Callable[[str], bool]] = {
    **dict.fromkeys(_IGNORED, _anything),
    "byte": is_base64,
    "cidr": is_cidr,
    "date": is_date,
    "date-time": is_date_time,
    "duration": is_duration,
    "ipv4": is_ipv4,
    "ipv6": is_ipv6,
    "uuid": is_uuid,
}
