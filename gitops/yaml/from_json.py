"""Reading JSON: one value or several behind one another, as kubectl takes them; what Go's reader refuses is a problem."""

from __future__ import annotations

import json
import re
from math import isinf
from typing import Any, NoReturn

from gitops.location import Location
from gitops.problems import InvalidInput, Problem
from gitops.yaml.nodes import MAX_DEPTH, place_of
from gitops.yaml.parts import Part, moved

MAX_DIGITS = 400
MAX_SEARCHED = 1 << 20
"""Characters of a value in which the place of a repeated key is looked for; that costs a careful reading."""

_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HALF = re.compile(f"{_HIGH}(?!{_LOW})|(?<!{_HIGH}){_LOW}")
"""May also be a backslash and a word."""
_BLANK = re.compile(r"[ \t\r\n]*")
_WHY = "some readers take the first, some the last"


def parse_json(text: str, file: str) -> tuple[list[tuple[Part, Any]], list[Problem]]:
    """The values of a text of JSON, each with its piece of the text, as far as it can be read, and what is wrong.

    Rules: `json-syntax`, `duplicate-key`, `yaml-depth`.
    """
    reader = _Reader(text, file)
    try:
        reader.read()
    except InvalidInput as error:
        reader.problems += error.problems
    return reader.found, reader.problems


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.found: list[tuple[Part, Any]] = []
        self.problems: list[Problem] = []
        self.repeated: list[str] = []
        self.decoder = json.JSONDecoder(
            object_pairs_hook=self._unique,
            parse_constant=self._refuse,
            parse_int=self._integer,
            parse_float=self._number,
        )

    def read(self) -> None:
        """Value by value; raises InvalidInput where it cannot go on."""
        line = last = 0
        start = self._skip(0)
        while start < len(self.text):
            line, last = line + self.text.count("\n", last, start), start
            value, end = self._value(start)
            part = Part(start, end, line)
            if self.repeated:
                self._report_repeated(part)
            else:
                self.found.append((part, value))
            start = self._skip(end)

    def _skip(self, start: int) -> int:
        return _BLANK.match(self.text, start).end()  # type: ignore[union-attr]  # it matches nothing, too

    def _value(self, start: int) -> tuple[Any, int]:
        try:
            value, end = self.decoder.raw_decode(self.text, start)
        except json.JSONDecodeError as error:
            raise self._problem("json-syntax", f"this is not JSON: {_plainer(error.msg)}", error.pos) from None
        except ValueError as error:
            raise self._problem("json-syntax", str(error), start) from None
        except RecursionError:
            raise self._too_deep(start) from None
        if _is_deep(value):
            raise self._too_deep(start)
        if (half := _HALF.search(self.text, start, end)) and not _is_text(value):
            raise self._problem(
                "json-syntax", "an escape stands for half a surrogate pair, which is no character", half.start()
            )
        return value, end

    def _problem(self, rule: str, message: str, offset: int) -> InvalidInput:
        return InvalidInput([Problem(rule, message, Location(self.file, *place_of(self.text, offset)))])

    def _too_deep(self, start: int) -> InvalidInput:
        return self._problem("yaml-depth", f"nested deeper than {MAX_DEPTH} levels", start)

    def _unique(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) < len(pairs):
            seen: set[str] = set()
            self.repeated += (name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        return result

    def _report_repeated(self, part: Part) -> None:
        """With its place, if a careful reading finds that; tabs between values are blanks for it."""
        from gitops.yaml.read import careful

        try:
            careful(part.of(self.text).replace("\t", " ") if part.end - part.start < MAX_SEARCHED else "", self.file)
        except InvalidInput as error:
            found = [moved(problem, part.line) for problem in error.problems if problem.rule == "duplicate-key"]
        else:
            found = []
        place = Location(self.file, part.line + 1)
        self.problems += found or [
            Problem("duplicate-key", f"`{name}` is there a second time", place, why=_WHY)
            for name in dict.fromkeys(self.repeated)
        ]
        self.repeated.clear()

    @staticmethod
    def _refuse(name: str) -> NoReturn:
        raise ValueError(f"{name} is not a number in JSON")

    @staticmethod
    def _number(digits: str) -> float:
        if isinf(number := float(digits)):
            raise ValueError(f"`{digits[:40]}` is more than any number can be")
        return number

    @staticmethod
    def _integer(digits: str) -> int | float:
        if len(digits) > MAX_DIGITS:
            raise ValueError(f"a number of {len(digits)} digits")
        return int(digits)


def _is_text(value: Any) -> bool:
    """Whether every surrogate has found its other half."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_deep(value: Any) -> bool:
    layer = [value]
    for _ in range(MAX_DEPTH + 1):
        layer = [
            child
            for each in layer
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        if not layer:
            return False
    return True


def _plainer(message: str) -> str:
    return message[:1].lower() + message[1:]
