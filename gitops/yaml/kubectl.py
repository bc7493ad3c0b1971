"""Reading YAML as kubectl, Argo CD and the API server do: `yes` is true, 0644 is octal, 1_000 is a number.

Source: sigs.k8s.io/yaml 1.4 on its fork of go-yaml v2, run as kubectl 1.32; kustomize 5.8.1 reads numbers the same way, and
`yes` as text. Where any of this could matter the text is read carefully, else by the fast reader, for whom it is the same.
"""

from __future__ import annotations

import re
from functools import cache
from math import isfinite, isinf
from typing import Any

from gitops.yaml import read
from gitops.yaml.core import MAX_DIGITS, Reader
from gitops.yaml.nodes import Node

_YES = ("y", "Y", "yes", "Yes", "YES", "on", "On", "ON")
_NO = ("n", "N", "no", "No", "NO", "off", "Off", "OFF")
_BOOLS = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
_DOUBTFUL = rf"""
    (?: [\n:\[{{,?] [ \t]*+ | - [ \t]++ ) (?=[yYnNoO0-9.+-])
    (?: (?:{"|".join(sorted(_BOOLS, key=len, reverse=True))}) [ \t\r]*+ (?: [\n,\]}}:\#] | \Z )
      | [-+] (?: 0[xo] | _ )
      | [-+]?+ (?: 0[0-9_bBOX] | 0[xo][0-9a-fA-F]*_ | [0-9.]++[0-9.eE+-]*+_ ) )"""
_PREFIXED = re.compile(r"([-+]?)0(?:[xX]([0-9a-fA-F]+)|[oO]?([0-7]+)|[bB]([01]+))")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_JSON = "kubectl and Argo CD make JSON of the file, cannot, and refuse all of it"
_LARGEST, _SMALLEST = 2**64 - 1, -(2**63)


def parse(text: str, file: str) -> Any:
    """The one document of a text as plain data, None if it is empty.

    Raises InvalidInput as `gitops.yaml.parse` does. A key that is no text to kubectl (`on`, 8080) is a `yaml-key`.
    """
    documents = fast(text)
    if documents is None or len(documents) > 1:
        return careful(text, file)
    return documents[0] if documents else None


def fast(text: str) -> list[Any] | None:
    """The documents that are not empty, or None where the careful reader must look."""
    return None if is_doubtful(text) else read.fast(text)


def careful(text: str, file: str) -> Any:
    """As `parse`, by the careful reader."""
    documents = read.careful(text, file, one=True, meaning=_Reader)
    return documents[0] if documents else None


class _Reader(Reader):
    """Plain data from nodes, where a plain scalar means what it means to kubectl."""

    def _scalar(self, node: Node) -> Any:
        value = super()._scalar(node)
        value = value if node.style or node.tag else resolve(node.text, value)
        if isinstance(value, float) and not isfinite(value):
            self._report(
                "yaml-syntax",
                f"`{node.text}` is no number in JSON",
                node,
                why=_NO_JSON,
                hint="quote it if it is meant as text",
            )
            return None
        return value

    def _report(self, rule: str, message: str, node: Node, **more: Any) -> None:
        if rule == "yaml-key" and node.text in _BOOLS:
            more["why"] = f"kubectl and Argo CD read YAML 1.1, where `{node.text}` is {str(_BOOLS[node.text]).lower()}"
        super()._report(rule, message, node, **more)


def is_doubtful(text: str) -> bool:
    """Whether a text may hold a plain scalar that YAML 1.1 reads otherwise than 1.2; block scalars may raise the doubt too."""
    return bool(_doubtful().search("\n" + text))


@cache
def _doubtful() -> re.Pattern[str]:
    return re.compile(_DOUBTFUL, re.VERBOSE)


def resolve(text: str, otherwise: Any) -> Any:
    """What a plain scalar means to kubectl, given what it means `otherwise`, to YAML 1.2."""
    if text in _BOOLS:
        return _BOOLS[text]
    if not text[:1].isdigit() and text[:1] not in ("+", "-"):
        return otherwise
    digits = text.replace("_", "")
    if prefixed := _PREFIXED.fullmatch(digits):
        sign, hexadecimal, octal, binary = prefixed.groups()
        number = int(hexadecimal or octal or binary, 16 if hexadecimal else 8 if octal else 2)
        return _bounded(-number if sign == "-" else number, text, digits)
    if _DECIMAL.fullmatch(digits) and len(digits) <= MAX_DIGITS:
        return _bounded(int(digits), text, digits)
    return _float(text, digits) if _FLOAT.fullmatch(digits) else otherwise


def _bounded(number: int, text: str, digits: str) -> Any:
    """Integers that no 64 bits hold become floats, or text where they were not written as decimals."""
    if _SMALLEST <= number <= _LARGEST:
        return number
    return _float(text, digits) if _FLOAT.fullmatch(digits) else text


def _float(text: str, digits: str) -> Any:
    number = float(digits)
    return text if isinf(number) else number  # as strconv.ParseFloat: out of range
