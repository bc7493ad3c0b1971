"""Kubernetes quantities in the spelling that the API server gives back, so that git and cluster compare equal.

Source: k8s.io/apimachinery `pkg/api/resource/quantity.go` (CanonicalizeBytes).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_UP, Context, Decimal
from functools import lru_cache
from typing import Any

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([KMGTPE]i|[numkMGTPE]?)|[eE]([+-]?\d+))", re.ASCII)
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_SUFFIX = {power: suffix for suffix, power in _DECIMAL.items()}
_AMOUNTS = ("requests", "limits")
"""Fields of ResourceRequirements that map names to quantities."""
_NANO = Decimal("1e-9")
_MOST = Decimal(2**63 - 1)
"""Of what is written in Ki, Mi and so on."""
_EXACT = Context(prec=200)
"""Wide enough for any quantity that a cluster has use for; the default of 28 digits is not."""


@lru_cache(4096)
def canonical(text: str) -> str:
    """`text` as Kubernetes prints it: `1000m` is `1`, `0.5` is `500m`, `2048Mi` is `2Gi`.

    Raises:
        ValueError: `text` is not a quantity.
    """
    match = _QUANTITY.fullmatch(text)
    if not match:
        raise ValueError(f"`{text}` is not a quantity such as 500m, 2 or 4Gi")
    try:
        return _canonical(match)
    except ArithmeticError as error:
        raise ValueError(f"`{text[:40]}` is more than any quantity can be") from error


@lru_cache(4096)
def amount(value: str | int) -> Decimal:
    """The number that a quantity stands for, to compare quantities by: `500m` is 0.5, `1Ki` is 1024.

    As in Kubernetes, what is finer than a nano counts as the next nano away from zero.

    Raises:
        ValueError: it is not a quantity.
    """
    match = _QUANTITY.fullmatch(str(value))
    if not match:
        raise ValueError(f"`{value}` is not a quantity such as 500m, 2 or 4Gi")
    try:
        return _exactly(match).quantize(_NANO, rounding=ROUND_UP, context=_EXACT)
    except ArithmeticError as error:
        raise ValueError(f"`{str(value)[:40]}` is more than any quantity can be") from error


def _exactly(match: re.Match[str]) -> Decimal:
    number, suffix, exponent = match.groups()
    if exponent is None and suffix not in _DECIMAL:
        return _EXACT.multiply(Decimal(number), Decimal(1024 ** _BINARY.index(suffix)))
    return _EXACT.scaleb(Decimal(number), int(exponent) if exponent is not None else _DECIMAL[suffix])


def _canonical(match: re.Match[str]) -> str:
    _, suffix, exponent = match.groups()
    value = _exactly(match)
    if exponent is not None:
        return _scientific(value)
    if suffix in _DECIMAL:
        return _decimal(value)
    value = max(-_MOST, min(value, _MOST))
    return _decimal(value) if abs(value) < 1024 or value % 1 else _binary(value)


def quantity(value: str | int | float) -> str:
    """The canonical spelling of a quantity given as text or number.

    Raises:
        ValueError: it is not a quantity.
    """
    return canonical(value if isinstance(value, str) else format(Decimal(repr(value)), "f"))


def spelled(data: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of raw Kubernetes data with the quantities of containers and volumes in canonical spelling."""
    return {key: _spelled(key, value) for key, value in data.items()}


def _spelled(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        if key in _AMOUNTS:
            return {name: _if_quantity(amount) for name, amount in value.items()}
        return spelled(value)
    if isinstance(value, list | tuple):
        return [_spelled("", item) for item in value]
    return _if_quantity(value) if key == "sizeLimit" else value


def _if_quantity(value: Any) -> Any:
    """Canonical where that is possible; what is no quantity is left for the schema to refuse at its place."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    try:
        return quantity(value)
    except (ValueError, ArithmeticError):
        return value


def _binary(value: Decimal) -> str:
    number, power = int(value), 0
    while number % 1024 == 0 and power < len(_BINARY) - 1 and number:
        number, power = number // 1024, power + 1
    # A plain number of bytes is read back as a decimal quantity, which has a canonical spelling of its own.
    return f"{number}{_BINARY[power]}" if power else _decimal(value)


def _mantissa(value: Decimal, most: int = max(_SUFFIX)) -> tuple[int, int]:
    """The value as mantissa and exponent, the exponent a multiple of three and as large as it goes; below nano rounds away from zero."""
    number = int(_EXACT.scaleb(value.quantize(_NANO, rounding=ROUND_UP, context=_EXACT), 9))
    power = -9
    while number and number % 1000 == 0 and power < most:
        number, power = number // 1000, power + 3
    return (number, power) if number else (0, 0)


def _decimal(value: Decimal) -> str:
    number, power = _mantissa(value)
    return f"{number}{_SUFFIX[power]}"


def _scientific(value: Decimal) -> str:
    number, power = _mantissa(value, most=_EXACT.prec)
    return f"{number}e{power}" if power else str(number)
