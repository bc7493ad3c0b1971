"""Reading YAML: fast where the text is plain, carefully where anything could be doubtful."""

from __future__ import annotations

import re
from typing import Any

from gitops.location import Location
from gitops.problems import InvalidInput, Problem

# Depth is bounded by indentation here (two levels a column at most), and yaml12 has no bound of its own.
_CARE = re.compile(
    r"""
    [^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]  # tabs, controls, breaks, BOM
  | ^ (?: % | \.\.\. | ---[^\n] )                                # directives, ends, content on a marker's line
  | ^ [ -]{80}                                                   # very deep
  | [0-9]{19} | 0[xo][0-9a-fA-F]{15}                             # numbers over 64 bits
  | (?: ^ | [:?-][ ] ) [ ]* (?:
        [&*!] | << | (?: \? | -?: ) (?: [ ] | $ )               # anchors, aliases, tags, merges, explicit and odd keys
      | \[ (?! \][ ]*$ ) | \{ (?! \}[ ]*$ )                      # flow collections
      | " (?! (?:[^"\\\n]|\\.)* "[ ]* (?: $ | [ ]\# | :(?:[ ]|$) ) )   # quotes not closed on the line, or not at its end
      | ' (?! (?:[^'\n]|'')* '[ ]* (?: $ | [ ]\# | :(?:[ ]|$) ) )
      | "[^"\n]*\\ [^\n]* " [ ]* : (?: [ ] | $ )                 # escapes in keys
    )
    """,
    re.VERBOSE | re.MULTILINE,
)
_KEY = re.compile(
    r"""^([ ]*)((?:-[ ]+)*)(?:"([^"\n]*)"|'((?:[^'\n]|'')*)'|([^ "'\#\n-][^\n]*?|-[^ \n][^\n]*?))[ ]*:(?:[ ]|$)|^(---)$""",
    re.VERBOSE | re.MULTILINE,
)


def parse(text: str, file: str) -> Any:
    """The one document of a text as plain data (YAML 1.2 core schema), None if it is empty.

    Raises InvalidInput with located problems: `yaml-syntax`, `duplicate-key`, `yaml-key` (not a string), `yaml-tag`,
    `yaml-documents` (more than one), `yaml-alias` (unknown, or expanding without bound), `yaml-depth`.
    """
    documents = _fast(text)
    if documents is None or len(documents) > 1:
        documents = _careful(text, file, one=True)
    return documents[0] if documents else None


def parse_all(text: str, file: str) -> list[Any]:
    """All documents of a text, without the empty ones. Raises InvalidInput as `parse` does."""
    documents = _fast(text)
    return _careful(text, file) if documents is None else documents


def _fast(text: str) -> list[Any] | None:
    """The documents that are not empty, or None where the careful reader must look."""
    import yaml12

    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if _CARE.search(text) or _may_repeat_a_key(text):
        return None
    try:
        documents = yaml12.parse_yaml(text, multi=True)
    except ValueError:
        return None
    return [document for document in documents if document is not None] if _has_string_keys(documents) else None


def _may_repeat_a_key(text: str) -> bool:
    """Whether a map may have a key twice: never wrongly no, now and then wrongly yes."""
    scopes: list[tuple[int, set[str]]] = []
    for indent, dashes, double, single, plain, marker in _KEY.findall(text):
        if marker:
            scopes.clear()
            continue
        column = len(indent)
        while scopes and scopes[-1][0] > column:
            scopes.pop()
        if dashes:
            column += len(dashes)
        key = plain or double or single.replace("''", "'")
        if scopes and scopes[-1][0] == column:
            if key in scopes[-1][1]:
                return True
            scopes[-1][1].add(key)
        else:
            scopes.append((column, {key}))
    return False


def _has_string_keys(value: Any) -> bool:
    if type(value) is dict:
        return all(type(key) is str for key in value) and all(map(_has_string_keys, value.values()))
    return type(value) is not list or all(map(_has_string_keys, value))


def _careful(text: str, file: str, *, one: bool = False) -> list[Any]:
    from gitops.yaml.nodes import Reader, read

    reader = Reader(file)
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
