"""Fixes are written into the files that the problems are in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from gitops.disk.given import is_file, rewrite
from gitops.disk.reading import read_text
from gitops.disk.writing import replace
from gitops.fixing import apply_fixes
from gitops.given import Given, Text
from gitops.problems import Fix, InvalidInput, Problem
from gitops.yaml import set_value


def mend_files(found: Iterable[tuple[Given, Problem]], folder: Path) -> list[str]:
    """Write the fixes of given objects into their files, which are named as the user did. Raises ToolError.

    A fix that contradicts another, or that would need more than its own line, is left for a person.
    """
    by_file: dict[str, tuple[Text, list[tuple[int, Fix]]]] = {}
    for given, problem in found:
        if problem.fix and given.text and is_file(given.file):
            fix = problem.fix._replace(path=(*given.path, *problem.fix.path))
            by_file.setdefault(given.file, (given.text, []))[1].append((given.document, fix))
    return [file for file, (text, fixes) in by_file.items() if _mended(folder / file, text, fixes)]


def _mended(path: Path, text: Text, fixes: Sequence[tuple[int, Fix]]) -> bool:
    new, _ = apply_fixes(text.text, fixes, text.file)
    if new != text.text:
        rewrite(path, text.encoded(new))
    return new != text.text


def mend_values(problems: Iterable[Problem], root: Path) -> list[str]:
    """Write the fixes of settings into the values files of a project below `root`. Raises ToolError."""
    by_file: dict[str, list[Fix]] = {}
    for problem in problems:
        if problem.fix and problem.location:
            by_file.setdefault(problem.location.file, []).append(problem.fix)
    return [file for file, fixes in by_file.items() if _settings_mended(root / file, file, fixes)]


def _settings_mended(path: Path, file: str, fixes: Sequence[Fix]) -> bool:
    new = text = read_text(path, file)
    for fix in fixes:
        try:
            new = set_value(new, fix.path, fix.value, file)
        except InvalidInput:  # an anchor is in the way: the problem is still told, and a person mends it
            continue
    return _written(path, text, new)


def _written(path: Path, text: str, new: str) -> bool:
    if new != text:
        replace(path, new.encode())
    return new != text
