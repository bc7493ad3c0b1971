"""The problem rules, read from the code that raises them: every call that makes a Problem or a Fault with a rule in words.

What only the run decides (names, values) is shown as `…`. A rule that is put together at run time would be missing here:
`unread` lists the modules that have one, and a test holds the list to those that pass on another's rule.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from gitops.faults import Fault
from gitops.problems import Problem
from gitops.schemas.words import LIMITS

GAP = "…"
MAKERS: Mapping[str, tuple[str, ...]] = {"Problem": Problem._fields, "Fault": Fault._fields, "_replace": ()}
"""What makes a problem, and the names of its arguments; `fault._replace(rule=…)` makes another one of it."""
TOLD = ("why", "hint")

Arguments = Mapping[str, ast.expr]
Parameters = tuple[str, ...]


class Finding(NamedTuple):
    """One way to break a rule: the message, the reason and the remedy, as far as the code spells them out."""

    rule: str
    message: str
    why: str
    hint: str
    module: str


class Call(NamedTuple):
    """A call that names a rule, with the strings that its function and module assign to names."""

    arguments: Arguments
    strings: Mapping[str, ast.expr]
    module: str


def rules(package: Path) -> dict[str, list[Finding]]:
    """Every rule of a package's code, sorted, with all its findings."""
    found = {finding: None for call in _calls(package) for finding in _findings(call)}
    found |= {Finding(rule, f"`{GAP}` {what}", "", "", "schemas/faults.py"): None for rule, what, _ in LIMITS.values()}
    by_rule: dict[str, list[Finding]] = {}
    for finding in sorted(found):
        by_rule.setdefault(finding.rule, []).append(finding)
    return by_rule


def unread(package: Path) -> list[str]:
    """Modules in which a Problem or Fault is made with a rule that the code does not spell out."""
    return sorted(call.module for call in _calls(package) if not all(map(_is_whole, _rules(call) or [GAP])))


def _calls(package: Path) -> Iterator[Call]:
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not any(f"{name}(" in text for name in MAKERS):
            continue
        tree = ast.parse(text)
        module, shared = path.relative_to(package).as_posix(), _strings(tree.body, len(text))
        makers = {**MAKERS, **_relays(tree)}
        for function, inner in _functions(tree):
            own = [node for node in ast.walk(function) if isinstance(node, ast.Assign)] if inner else []
            for node in _own_calls(function):
                arguments = _arguments(node, makers)
                if "rule" in arguments and not _is_passed_on(arguments["rule"], function):
                    yield Call(arguments, shared | _strings(own, node.lineno), module)


def _functions(tree: ast.Module) -> Iterator[tuple[ast.AST, bool]]:
    yield tree, False
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node, True


def _own_calls(scope: ast.AST) -> Iterator[ast.Call]:
    """The calls of a function or module, without those of the functions inside it."""
    for child in ast.iter_child_nodes(scope):
        if isinstance(child, ast.FunctionDef):
            continue
        if isinstance(child, ast.Call):
            yield child
        yield from _own_calls(child)


def _relays(tree: ast.Module) -> dict[str, Parameters]:
    """Functions of a module that are given a rule and make the Problem: their names, and their parameters after `self`."""
    found: dict[str, Parameters] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = tuple(argument.arg for argument in node.args.args if argument.arg != "self")
            if "rule" in names:
                found[node.name] = names
    return found


def _arguments(call: ast.Call, makers: Mapping[str, Parameters]) -> Arguments:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))  # f(…) or x.f(…)
    given = [argument for argument in call.args if not isinstance(argument, ast.Starred)]
    named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    return dict(zip(makers.get(name, ()), given, strict=False)) | named if name in makers else {}


def _is_passed_on(node: ast.expr, function: ast.AST) -> bool:
    """Whether this is the parameter by which `_relays` knows a function."""
    parameters = {each.arg for each in function.args.args} if isinstance(function, ast.FunctionDef) else set()
    return isinstance(node, ast.Name) and node.id == "rule" and node.id in parameters


def _strings(nodes: Iterable[ast.AST], before: int) -> dict[str, ast.expr]:
    """What names were given last before a line."""
    assigned = [
        node
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.lineno < before
    ]
    return {
        node.targets[0].id: node.value
        for node in sorted(assigned, key=lambda node: node.lineno)
        if isinstance(node.targets[0], ast.Name)
    }


def _findings(call: Call) -> Iterator[Finding]:
    message = call.arguments.get("message", call.arguments.get("what"))
    why, hint = (_said(call.arguments.get(name), call) for name in TOLD)
    for rule in filter(_is_whole, _rules(call)):
        for said in _words(message, call.strings) or [GAP]:
            yield Finding(rule, said, why, hint, call.module)


def _rules(call: Call) -> list[str]:
    return _words(call.arguments["rule"], call.strings)


def _is_whole(text: str) -> bool:
    return GAP not in text


def _said(node: ast.expr | None, call: Call) -> str:
    """A reason or remedy, if the code has exactly one with words of its own."""
    words = [text for text in dict.fromkeys(_words(node, call.strings)) if text.strip(GAP + "`; ")]
    return words[0] if len(words) == 1 else ""


def _words(node: ast.expr | None, strings: Mapping[str, ast.expr]) -> list[str]:
    """The texts that an expression can be, `…` for what only the run knows; none if it is no text at all."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return ["".join(str(each.value) if isinstance(each, ast.Constant) else GAP for each in node.values)]
    if isinstance(node, ast.IfExp):
        return [*_words(node.body, strings), *_words(node.orelse, strings)]
    if isinstance(node, ast.Name):
        return _words(strings.get(node.id), {})
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [
            left + right
            for left in _words(node.left, strings) or [GAP]
            for right in _words(node.right, strings) or [GAP]
        ]
    return []
