"""From a keyword path or a JSON pointer back to the user's own line. Only used once there is a problem to show."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gitops.location import Location
from gitops.problems import InvalidInput
from gitops.project import Sources

_RAW = ("fields", "pod")
"""Keywords that hold a part of the object in upstream's spelling."""

_WRAPPERS = {"spec", "metadata", "predictor", "resources", "limits", "requests", "net", "ref", "extensions"}
"""Fields of objects that calls have no keyword for, but for what is in them."""

Span = tuple[int, int, int, int]
"""First line, last line, first column, last column, as `co_positions` gives them."""


def locate(
    text: str, file: str, line: int, path: Sequence[str | int], span: Span | None = None
) -> tuple[Location, ast.expr | None]:
    """The place of `path` inside the call at `line`, and the expression there; the deepest part that is found.

    Segments may be keywords (`min_replicas`), upstream's names (`minReplicas`), keys of a dict display, or indices; those that
    nothing matches are skipped, as a pointer has more of them than the call has keywords.
    """
    tree = _parse(text)
    call = _call_at(tree, line, span) if tree else None
    if tree is None or call is None:
        return Location(file, line), None
    _, where, node = _deepest(call, call, tuple(path), tree)
    line = where.lineno  # type: ignore[attr-defined]
    return Location(file, line, column(text, line, where.col_offset)), node if node is not call else None  # type: ignore[attr-defined]


def column(text: str, line: int, offset: int) -> int:
    """The column, from 1, of an offset in bytes: that is how Python counts within a line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return len(lines[line - 1].encode()[:offset].decode(errors="replace")) + 1 if 0 < line <= len(lines) else offset + 1


def text_of(file: str, sources: Sources) -> str:
    """The text of a spec or of a helper beside it; empty if it cannot be had."""
    import linecache

    try:
        if file in sources.files:
            return sources.text(file)
    except InvalidInput:
        return ""
    path = str(sources.project.root / file)
    linecache.checkcache(path)
    return "".join(linecache.getlines(path))


def named(text: str, file: str, name: str) -> Location:
    """Where a name is first written out; the file alone if it is nowhere."""
    for node in ast.walk(_parse(text) or ast.Module([], [])):
        if isinstance(node, ast.Constant) and node.value == name:
            return Location(file, node.lineno, column(text, node.lineno, node.col_offset))
    return Location(file)


def returned(text: str, file: str, line: int) -> Location:
    """What the function at `line` (that of its first decorator) returns, if it does in one place; else the function."""
    for node in ast.walk(_parse(text) or ast.Module([], [])):
        if isinstance(node, ast.FunctionDef) and line in (node.lineno, *(each.lineno for each in node.decorator_list)):
            returns = [each for each in ast.walk(node) if isinstance(each, ast.Return)]
            place = (returns[0].value or returns[0]) if len(returns) == 1 else node
            return Location(file, place.lineno, column(text, place.lineno, place.col_offset))
    return Location(file, line)


@lru_cache(8)
def _parse(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _call_at(tree: ast.Module, line: int, span: Span | None) -> ast.Call | None:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    if span:
        exact = [node for node in calls if (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset) == span]
        if exact:
            return exact[0]
    starting = [node for node in calls if node.lineno == line]
    around = [node for node in calls if node.lineno <= line <= (node.end_lineno or node.lineno)]
    return min(starting, key=lambda node: node.col_offset, default=None) or max(
        around, key=lambda node: node.lineno, default=None
    )


def _follow(node: ast.expr, tree: ast.Module) -> ast.expr:
    """The value of a name, where it is assigned once before; the node itself otherwise."""
    if isinstance(node, ast.Name):
        assigned = [
            each.value
            for each in ast.walk(tree)
            if isinstance(each, ast.Assign)
            and any(isinstance(to, ast.Name) and to.id == node.id for to in each.targets)
        ]
        if len(assigned) == 1:
            return assigned[0]
    return node


_Found = tuple[int, ast.AST, ast.expr]
"""How far along the path this is, what to point at, and the expression there."""


def _deepest(where: ast.AST, node: ast.expr, path: tuple[str | int, ...], tree: ast.Module) -> _Found:
    best: _Found = (0, where, node)
    value = _follow(node, tree)
    for index, part in enumerate(path):
        for at, inner in _steps(value, part, tree):
            reach, *found = _deepest(at, inner, path[index + 1 :], tree)
            if index + 1 + reach > best[0]:
                best = (index + 1 + reach, *found)  # type: ignore[assignment]
        if not isinstance(value, ast.Call) or not (part in _WRAPPERS or str(part).isdigit()):
            break
    return best


def _steps(node: ast.expr, part: str | int, tree: ast.Module) -> Iterator[tuple[ast.AST, ast.expr]]:
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg and _same(keyword.arg, part):
                yield keyword, keyword.value
            if keyword.arg in _RAW:
                yield from _steps(_follow(keyword.value, tree), part, tree)
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == part:
                yield key, value
    if isinstance(node, ast.List | ast.Tuple) and str(part).isdigit() and int(part) < len(node.elts):
        yield node.elts[int(part)], node.elts[int(part)]


def _same(keyword: str, part: str | int) -> bool:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(part)).lower()
    return keyword == snake or keyword + "s" == snake or keyword == snake + "_name" or f"{keyword}_name" == snake


def values_attribute(node: ast.expr | None) -> str:
    """The name of the setting, if the expression is `values.<name>`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "values":
        return node.attr
    return ""
