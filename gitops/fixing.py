"""Fixes written into the text that they are meant for: comments, order, quotes and every other byte stay."""

from __future__ import annotations

from collections.abc import Sequence

from gitops.faults import Fix, Path
from gitops.manifests import laid_out
from gitops.problems import InvalidInput
from gitops.yaml.parts import parts

Numbered = tuple[int, Fix]
"""A fix and the document it is for, counted as `Given.document` does; its path begins at the document's root."""


def apply_fixes(text: str, fixes: Sequence[Numbered], file: str) -> tuple[str, list[Numbered]]:
    """The text with the fixes made, and those that were not: whatever contradicts an earlier one, or cannot be done
    without a change elsewhere (an anchor is in the way). All paths are those of the text as it is.

    Each edit is proven by reading its document again. `file` is only the name of the text. Raises nothing.
    """
    layout = laid_out(text, file)
    kept, left = _agreeing(fixes)
    pieces, end = [], 0
    for number, part in enumerate(layout.documents):
        mine = [fix for document, fix in kept if document == number]
        new, failed = _mended(part.of(text), mine, layout.is_json) if mine else (part.of(text), [])
        pieces += [text[end : part.start], new]
        end = part.end
        left += ((number, fix) for fix in failed)
    left += ((number, fix) for number, fix in kept if not 0 <= number < len(layout.documents))
    return "".join(pieces) + text[end:], sorted(left, key=fixes.index)


def _agreeing(fixes: Sequence[Numbered]) -> tuple[list[Numbered], list[Numbered]]:
    """The fixes that contradict none before them, each once; and the others."""
    kept: dict[int, list[Fix]] = {}
    left: list[Numbered] = []
    for number, fix in fixes:
        mine = kept.setdefault(number, [])
        if any(_clash(fix, other) for other in mine):
            left.append((number, fix))
        elif fix not in mine:
            mine.append(fix)
    return [(number, fix) for number, mine in kept.items() for fix in mine], left


def _clash(a: Fix, b: Fix) -> bool:
    """Whether two fixes of one document cannot both be made, in whatever order."""
    if a == b:
        return False
    if a.path == b.path:
        return {a.op, b.op} != {"set", "rename"}
    return _spoils(a, b) or _spoils(b, a)


def _spoils(a: Fix, b: Fix) -> bool:
    """Whether `a` takes away what `b` is about, or puts something in its place."""
    if a.op == "rename":
        new = (*a.path[:-1], a.value)
        return _is_below(b.path, new) or (b.op == "rename" and new == (*b.path[:-1], b.value))
    return _is_below(b.path, a.path)


def _is_below(path: Path, other: Path) -> bool:
    return path[: len(other)] == other


def _mended(text: str, fixes: Sequence[Fix], is_json: bool) -> tuple[str, list[Fix]]:
    """The text of one document with the fixes that can be made, and the others."""
    failed = []
    for fix in _ordered(fixes):
        new = _made(text, fix, is_json)
        if new is None:
            failed.append(fix)
        else:
            text = new
    return text, failed


def _ordered(fixes: Sequence[Fix]) -> list[Fix]:
    """So that each finds its place where it was: what shifts or renames comes last, and the hindmost and inmost of it first."""
    others = [fix for fix in fixes if fix.op != "set"]
    others.sort(key=lambda fix: [(isinstance(step, str), step) for step in fix.path], reverse=True)
    return [*(fix for fix in fixes if fix.op == "set"), *others]


def _made(text: str, fix: Fix, is_json: bool) -> str | None:
    """The text of a document with one fix, or None if it cannot be made."""
    try:
        new = _in_json(text, fix) if is_json else _in_yaml(text, fix)
    except (InvalidInput, ValueError, TypeError):  # what JSON does not have cannot be written
        return None
    is_done = new != text or fix.op == "set"
    return new if is_done and len(parts(new)) == len(parts(text)) else None


def _in_yaml(text: str, fix: Fix) -> str:
    from gitops.yaml.edit import remove_value, rename_key, set_value
    from gitops.yaml.kubectl import parse

    if fix.op == "set":
        return set_value(text, fix.path, fix.value, read=parse)
    if fix.op == "remove":
        return remove_value(text, fix.path, read=parse)
    return rename_key(text, fix.path, fix.value, read=parse)


def _in_json(text: str, fix: Fix) -> str:
    from gitops.yaml.json_edit import remove_json, rename_json, set_json

    if fix.op == "set":
        return set_json(text, fix.path, fix.value)
    return remove_json(text, fix.path) if fix.op == "remove" else rename_json(text, fix.path, fix.value)
