"""Addresses and ranges of addresses as Kubernetes reads them, zeros before their numbers and all.

Source: k8s.io/utils net/parse.go (ParseIPSloppy, ParseCIDRSloppy).
"""

from __future__ import annotations

import ipaddress

from gitops.faults import Path
from gitops.rules.core_forms import Wrongs, wrong


def address(path: Path, text: str) -> Wrongs:
    """Whether a text is the address of a host; zeros may lead its numbers."""
    if parsed(text) is None:
        yield wrong(path, "is no address", text, "an IPv4 or IPv6 address")


def parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address as Kubernetes reads it, or None."""
    numbers = text.split(".")
    if ":" not in text and all(number.isdecimal() and number.isascii() for number in numbers):
        text = ".".join(str(int(number)) for number in numbers)
    try:
        return ipaddress.ip_address(text) if "%" not in text else None
    except ValueError:
        return None


def network(path: Path, text: str) -> Wrongs:
    """Whether a text is a range of addresses."""
    if network_of(text) is None:
        yield wrong(path, "is no range of addresses", text, "such as 10.0.0.0/8")


def network_of(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """A range of addresses as Kubernetes reads it, or None."""
    start, slash, length = text.partition("/")
    found = parsed(start)
    if not slash or found is None or not (length.isascii() and length.isdecimal()) or int(length) > found.max_prefixlen:
        return None
    return ipaddress.ip_network((found, int(length)), strict=False)
