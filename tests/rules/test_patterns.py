"""A pattern is compiled when it is first used, and then as quick as any."""

from __future__ import annotations

import re

import pytest

from gitops.rules.patterns import pattern


def test_it_finds_what_the_compiled_one_finds() -> None:
    lazy, compiled = pattern("(?P<a>x+)Y", re.IGNORECASE), re.compile("(?P<a>x+)Y", re.IGNORECASE)

    for text in ("xxy", "-XY-", "y"):
        for how in ("match", "fullmatch", "search"):
            found, expected = getattr(lazy, how)(text), getattr(compiled, how)(text)
            assert (found and found.groupdict()) == (expected and expected.groupdict())
    assert lazy.pattern == compiled.pattern
    assert lazy.sub("-", "axyb") == "a-b"


def test_it_is_compiled_once_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[object, ...]] = []
    real = re.compile

    def compiling(*args: object) -> object:
        made.append(args)
        return real(*args)  # type: ignore[call-overload]

    monkeypatch.setattr(re, "compile", compiling)
    lazy = pattern("a")
    assert made == []

    assert [bool(lazy.search(text)) for text in ("a", "b", "ba")] == [True, False, True]
    assert len(made) == 1
