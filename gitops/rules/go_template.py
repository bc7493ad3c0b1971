"""Go templates inside manifests, as KServe reads them: in an object that is JSON text by then, so that quotes are escaped.

Only flaws that are certain are found: those that the parser refuses, and fields that cannot be there, in what is always executed.

Source: Go `text/template/parse` (lex.go, parse.go); kserve `ReplaceVariables` in
`pkg/controller/v1alpha2/llmisvc/config_merge.go`, `ReplacePlaceholders` in `pkg/controller/v1beta1/inferenceservice/utils/utils.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from gitops.faults import Path

_ACTION = re.compile(r"\{\{(?:- )?/\*(?:(?!\*/)[\s\S])*\*/(?: -)?\}\}|\{\{((?:`[^`]*`|(?!\}\})[^`])*)\}\}")
_COMMENT = re.compile(r"/\*(?:(?!\*/)[\s\S])*\*/")
_TOKEN = re.compile(
    r" +|`[^`]*`|(?P<word>[.$]?[^\W\d]\w*(?:\.[^\W\d]\w*)*)(?=[ .,|:()]|$)|(?P<bad>[.$]?[^\W\d]\w*(?:\.[^\W\d]\w*)*)"
    r"|[-+]?\d[\w.+-]*|:=|[=|(),.$]|'[^'\\]'"
)
_OPENS = frozenset(("if", "range", "with", "define", "block"))
_STATEMENTS = _OPENS | {"break", "continue", "else", "end", "template"}
_KEYWORDS = _STATEMENTS | {"nil", "true", "false"}
_BEFORE_VALUE = ("|", "(", ",", ":=", "=", "if", "with", "range")
_BUILT_IN = frozenset(
    (
        *("and", "call", "html", "index", "slice", "js", "len", "not", "or", "print", "printf", "println", "urlquery"),
        *("eq", "ge", "gt", "le", "lt", "ne"),
    )
)

Missing = Callable[[list[str]], str]
"""Of the names of a chain of fields, what is wrong with it; empty if nothing is, as far as is known."""


class Flaw(NamedTuple):
    """What is wrong with a template, where it stands, and the action with it."""

    path: Path
    what: str
    action: str


class Template(NamedTuple):
    """What templates of one place may use: functions beside the built-in ones, with the number of their arguments, and fields."""

    functions: Mapping[str, int]
    missing: Missing

    def flaws(self, value: Any, path: Path) -> Iterator[Flaw]:
        """Every flaw of the texts in a value that stands at `path`; blocks may begin in one text and end in another."""
        if not _mentioned(value):
            return
        depth, last = 0, path
        for where, text in _texts(value, path):
            for action in _actions(text):
                last = where
                if what := self._flaw(action, depth):
                    yield Flaw(where, what, _shown(action))
                depth += _step(action)
        if depth:
            what = "a block has no `{{ end }}`" if depth > 0 else "an `{{ end }}` has no block"
            yield Flaw(last, what, "")

    def _flaw(self, action: str, depth: int) -> str:
        body = _body(action)
        if body is None:
            return ""
        if body == "{{":
            return "`{{` has no `}}`"
        if not body:
            return "`{{ }}` is empty"
        words = _words(body)
        return (
            _unreadable(body)
            or _misplaced(_tokens(body))
            or self._unknown(words)
            or ("" if depth else self._unfit(body, words))
        )

    def _unknown(self, words: list[str]) -> str:
        known = _KEYWORDS | _BUILT_IN | self.functions.keys()
        name = next((word for word in words if word[0] not in ".$" and word.partition(".")[0] not in known), "")
        return f"there is no function `{name}`" if name else ""

    def _unfit(self, body: str, words: list[str]) -> str:
        """What is wrong once an action is executed; of its fields the first only, for others may never be looked at."""
        needed = self.functions.get(words[0]) if words else None
        if needed is not None and not any(character in body for character in "()|"):
            given = len(_tokens(body)) - 1
            if given != needed:
                return f"`{words[0]}` takes {needed} arguments, not {given}"
        first = next((word for word in words if word[0] == "." or (word[0] == "$" and ":=" not in body)), "")
        return self.missing(first.split(".")[1:]) if first.startswith(".") else ""


def _mentioned(value: Any) -> bool:
    """Whether there is any template in a value: most have none, and paths take time."""
    left = [value]
    for each in left:
        if isinstance(each, str):
            if "{{" in each:
                return True
        elif isinstance(each, dict):
            left += each
            left += each.values()
        elif isinstance(each, list):
            left += each
    return False


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        if "{{" in value:
            yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(key, (*path, key))
            yield from _texts(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _texts(each, (*path, index))


def _actions(text: str) -> Iterator[str]:
    """The actions of a text; `{{` for one that is not closed, after which there is nothing more to read."""
    at = text.find("{{")
    while at >= 0:
        match = _ACTION.match(text, at)
        if not match:
            yield "{{"
            return
        yield match.group()
        at = text.find("{{", match.end())


def _body(action: str) -> str | None:
    """What stands between the braces, without the marks that trim; None for a comment."""
    if action == "{{":
        return action
    inside = action[2:-2]
    inside = inside[1:] if inside.startswith("- ") else inside
    inside = (inside[:-1] if inside.endswith(" -") else inside).strip(" ")
    return None if _COMMENT.fullmatch(inside) else inside


def _step(action: str) -> int:
    body = _body(action) or ""
    word = re.match(r"\w*", body)
    name = word.group() if word else ""
    return 1 if name in _OPENS else -1 if name == "end" else 0


def _unreadable(body: str) -> str:
    if body.startswith("/*"):
        return "the comment has no end"
    at = 0
    while at < len(body):
        match = _TOKEN.match(body, at)
        if not match:
            return _bad_character(body[at])
        if match["bad"]:
            return _bad_character(body[match.end()])
        at = match.end()
    bare = re.sub(r"`[^`]*`", "", body)
    return "" if bare.count("(") == bare.count(")") else "its parentheses are not paired"


def _misplaced(tokens: list[str]) -> str:
    """What stands where something else has to: keywords among values, assignments to no variable, pipes that lead nowhere."""
    if tokens[-1] in ("if", "with", "range", "template", "("):
        return f"`{tokens[-1]}` has no value"
    for index, token in enumerate(tokens):
        if _is_misplaced(token, tokens[:index]):
            return f"`{token}` cannot stand there"
    return ""


def _is_misplaced(token: str, before: list[str]) -> bool:
    name, dot, _ = token.partition(".")
    if token == "|":
        return not before or before[-1] in _BEFORE_VALUE
    if token in (":=", "=", ","):
        return not before or any(each[0] != "$" and each != "," and each not in _STATEMENTS for each in before)
    follows_else = len(before) == 1 and before[0] == "else" and name in ("if", "with")
    return name in _KEYWORDS and (bool(dot) or (bool(before) and name in _STATEMENTS and not follows_else))


def _bad_character(character: str) -> str:
    if character == '"':
        return "it has a text in double quotes, which JSON escapes"
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return "it has a text in single quotes" if character == "'" else f"`{shown}` cannot stand there"


def _tokens(body: str) -> list[str]:
    return [match.group() for match in _TOKEN.finditer(body) if match.group().strip(" ")]


def _words(body: str) -> list[str]:
    found = [match["word"] for match in _TOKEN.finditer(body) if match["word"]]
    return [word for index, word in enumerate(found) if not (index and found[index - 1] == "template")]


def _shown(action: str, most: int = 60) -> str:
    return action if len(action) <= most else f"{action[:most]}…"
