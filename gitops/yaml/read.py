"""Reading YAML: fast where every line is plain, carefully where anything could be doubtful."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any

from gitops.location import Location
from gitops.problems import InvalidInput, Problem

if TYPE_CHECKING:
    from gitops.yaml.core import Reader

# A line that both readers are known to take alike; a text with any other line, save in block scalars, is read carefully. Nothing may go on over
# the end of its line but block scalars and plain text, so that columns tell the structure. The limit on indentation
# bounds the depth too (two levels a column at most): yaml12 has no bound of its own.
_PLAIN = r"(?: [^\s&*!?<|>%@`\"'\#,:\[\]{}-] | <(?!<) | [:?-](?=[^ \n]) ) [^\n]"
_WORD = r"(?: [A-Za-z_/][\w./@+-]* | [0-9][0-9.]{0,14} | \"[^\"\\\n]*\" )"
_PAIR = rf"[A-Za-z_][\w./-]*:[ ]+{_WORD}"
_LINE = rf"""
    ^(?: (---)[ ]*
    | ([ ]{{0,80}}+) (?! [ ] | (?:---|\.\.\.)(?:[ ]|$) ) ((?: -(?:[ ]++|$) ){{0,20}}+)
      (?: (?: "([^"\\\n]+)" | '((?:[^'\n]|'')+)' | ({_PLAIN}*?) ) [ ]*:(?=[ ]|$) )?+ [ ]*+
      (?: (?! [-+]?[0-9]{{19}} | 0[xo][0-9a-fA-F]{{15}} | [+][-+] ) {_PLAIN}*
        | "(?:[^"\\\n]|\\.)*" | '(?:[^'\n]|'')*'
        | (?<=[:-][ ]) ([|>][-+]?)(?=[ ]*$)
        | \[(?: {_WORD}(?:,[ ]*{_WORD})* )?\]
        | \{{(?: ({_PAIR}(?:,[ ]*{_PAIR})*) )?\}}
      )?
      [ ]* (?: (?<![^ \n])\#[^\n]* )?
    )$"""
_BLOCK = re.compile(r"[|>][-+]?[ ]*$", re.MULTILINE)
_FLOW_KEY = re.compile(r"([\w./-]+):")


def parse(text: str, file: str) -> Any:
    """The one document of a text as plain data (YAML 1.2 core schema), None if it is empty.

    Raises InvalidInput with located problems: `yaml-syntax`, `duplicate-key`, `yaml-key` (not a string), `yaml-tag`,
    `yaml-documents` (more than one), `yaml-alias` (unknown, or expanding without bound), `yaml-depth`.
    """
    documents = fast(text)
    if documents is None or len(documents) > 1:
        documents = careful(text, file, one=True)
    return documents[0] if documents else None


def parse_all(text: str, file: str) -> list[Any]:
    """All documents of a text, without the empty ones. Raises InvalidInput as `parse` does."""
    documents = fast(text)
    return careful(text, file) if documents is None else documents


def fast(text: str) -> list[Any] | None:
    """The documents that are not empty, or None where the careful reader must look."""
    import yaml12

    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if not is_plain(text):
        return None
    try:
        documents = yaml12.parse_yaml(text, multi=True)
    except ValueError:
        return None
    return [document for document in documents if document is not None] if _is_sure(documents) else None


def is_plain(text: str) -> bool:
    """Whether both readers are known to take a text alike, line ends of DOS aside, save for numbers out of range."""
    return not _ends_in_a_block(text) and text.replace("\n", "").isprintable() and _is_plain(text)


def lines(text: str) -> Iterator[re.Match[str]]:
    """The lines of a plain text: marker, indentation, dashes, the key in double or single quotes or plain, block, pairs in flow style."""
    return _line().finditer(_without_blocks(text))


def _without_blocks(text: str) -> str:
    """A text whose block scalars, which may hold anything, are comments of the same length."""
    if not _BLOCK.search(text):
        return text
    found, least, is_first = [], 0, False
    for line in text.split("\n"):
        width = len(line) - len(line.lstrip(" "))
        if least and width >= least and width < len(line):
            least, is_first = width if is_first else least, False
            line = "#" * len(line)
        elif width < len(line):
            least, is_first = _least(line), True
        elif least and is_first:
            line = "\t" * len(
                line
            )  # blanks before the first text of a block: the readers differ, so let it not be plain
        found.append(line)
    return "\n".join(found)


def _least(line: str) -> int:
    """From which indentation on the next lines are those of a block scalar that begins on this line; 0 if none does."""
    match = _line().fullmatch(line) if _BLOCK.search(line) else None
    if match is None or not match[7]:
        return 0
    return len(match[2] + match[3]) + any(match.group(4, 5, 6))


def _ends_in_a_block(text: str) -> bool:
    """Whether a block scalar at the very end may be empty or lack its line break: yaml12 adds one."""
    return text.rstrip()[-2:].strip("+-").endswith(("|", ">")) or (text[-1:] != "\n" and ("|" in text or ">" in text))


def _is_plain(text: str) -> bool:
    """Whether every line is plain and no map has a key twice; in doubt, no."""
    found = _line().findall(_without_blocks(text))
    if len(found) != text.count("\n") + 1:
        return False
    scopes: list[tuple[int, set[str]]] = []  # the maps that are open, with their columns
    for marker, indent, dashes, double, single, plain, _, flow in found:
        if marker:
            scopes.clear()
            continue
        if flow and _repeats(_FLOW_KEY.findall(flow)):
            return False
        key = plain or double or single.replace("''", "'")
        if not key and not dashes:
            continue
        column = len(indent)
        while scopes and scopes[-1][0] > column:
            scopes.pop()
        if key and not _opens(scopes, column + len(dashes), key):
            return False
    return True


@cache
def _line() -> re.Pattern[str]:
    return re.compile(_LINE, re.VERBOSE | re.MULTILINE)  # costs milliseconds, which a run without YAML need not pay


def _opens(scopes: list[tuple[int, set[str]]], column: int, key: str) -> bool:
    """Note a key of the map at this column; False if it has been there before."""
    if not scopes or scopes[-1][0] != column:
        scopes.append((column, {key}))
        return True
    if key in scopes[-1][1]:
        return False
    scopes[-1][1].add(key)
    return True


def _repeats(keys: list[str]) -> bool:
    return len(set(keys)) < len(keys)


def _is_sure(value: Any) -> bool:
    """Whether keys are strings, and no number is infinite, too large to be one, or none."""
    if type(value) is dict:
        return all(type(key) is str for key in value) and all(map(_is_sure, value.values()))
    if type(value) is list:
        return all(map(_is_sure, value))
    return type(value) is not float or isfinite(value)


def careful(text: str, file: str, *, one: bool = False, meaning: type[Reader] | None = None) -> list[Any]:
    """The documents that are not empty, by the careful reader; `meaning` is the core schema if none is given.

    Raises InvalidInput as `parse` does.
    """
    from gitops.yaml.core import Reader
    from gitops.yaml.nodes import read

    reader = (meaning or Reader)(file)
    found = [(node, reader.data(node)) for node in read(text.replace("\r\n", "\n"), file)]
    full = [(node, value) for node, value in found if value is not None]
    if one and len(full) > 1:
        node = full[1][0]
        reader.problems.append(
            Problem(
                "yaml-documents", "a second document", Location(file, node.line, node.column), expected="one document"
            )
        )
    if reader.problems:
        raise InvalidInput(reader.problems)
    return [value for _, value in full]
