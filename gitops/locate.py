"""From a keyword path or a JSON pointer back to the user's own line. Only used once there is a problem to show."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import lru_cache

from gitops.location import Location

Span = tuple[int, int, int, int]
"""First line, last line, first column, last column, as `co_positions` gives them."""


def locate(text: str, file: str, line: int, path: Sequence[str | int], span: Span | None = None) -> tuple[Location, ast.expr | None]:
    """The place of `path` inside the call at `line`, and the expression there; the deepest part that is found.

    Segments may be keywords (`min_replicas`), upstream's names (`minReplicas`), keys of a dict display, or indices; those that
    nothing matches are skipped, as a pointer has more of them than the call has keywords.
    """
    tree = _parse(text)
    call = _call_at(tree, line, span) if tree else None
    if tree is None or call is None:
        return Location(file, line), None
    node: ast.expr = call
    where: ast.AST = call
    for part in path:
        step = _step(_follow(node, tree), part)
        if step:
            where, node = step
    return Location(file, where.lineno, where.col_offset + 1), node if node is not call else None  # type: ignore[attr-defined]


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
    return min(starting, key=lambda node: node.col_offset, default=None) or max(around, key=lambda node: node.lineno, default=None)


def _follow(node: ast.expr, tree: ast.Module) -> ast.expr:
    """The value of a name, where it is assigned once before; the node itself otherwise."""
    if isinstance(node, ast.Name):
        assigned = [
            each.value
            for each in ast.walk(tree)
            if isinstance(each, ast.Assign) and any(isinstance(to, ast.Name) and to.id == node.id for to in each.targets)
        ]
        if len(assigned) == 1:
            return assigned[0]
    return node


def _step(node: ast.expr, part: str | int) -> tuple[ast.AST, ast.expr] | None:
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg and _same(keyword.arg, part):
                return keyword, keyword.value
            if keyword.arg == "fields" and (inner := _step(keyword.value, part)):
                return inner
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == part:
                return key, value
    if isinstance(node, ast.List | ast.Tuple) and str(part).isdigit() and int(part) < len(node.elts):
        return node.elts[int(part)], node.elts[int(part)]
    return None


def _same(keyword: str, part: str | int) -> bool:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(part)).lower()
    return keyword == snake or keyword + "s" == snake or keyword == snake + "_name" or f"{keyword}_name" == snake


def values_attribute(node: ast.expr | None) -> str:
    """The name of the setting, if the expression is `values.<name>`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "values":
        return node.attr
    return ""
