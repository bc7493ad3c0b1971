"""What pydantic found wrong, in the words of specs and YAML rather than its own. Only used once there is an error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError

from gitops.details import Detail, Path, detail_of, is_model, is_type, members, name_of, without_alternatives
from gitops.problems import Problem, did_you_mean, nearest

_LIMITS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}
_SIZES = {
    "too_short": ("min_length", "at least", "item"),
    "too_long": ("max_length", "at most", "item"),
    "string_too_short": ("min_length", "at least", "character"),
    "string_too_long": ("max_length", "at most", "character"),
}
_WORDS = {
    str: "text",
    SecretStr: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a map",
    list: "a list",
}
_PATTERNS = {
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$": "lower-case letters, digits and `-`, with a letter or digit at both ends",
    r"^\d+\.\d+(\.\d+)?([-+].*)?$": "a release, such as 0.20.0",
    r"^1\.\d+$": 'a minor version in quotes, such as "1.34"',
    r"^/.*": "a path that begins with `/`",
    r"^[1-9]\d*(\.\d+)?(B|[KMGTP]i?B)$": "an amount such as 10GiB",
}
_LONGEST = 80


class Finding(NamedTuple):
    """One thing that is wrong with some input: where in it, and the problem without its location."""

    path: Path
    problem: Problem
    at_key: bool = False
    meant: str = ""
    """The name that an unknown one was probably meant to be."""


def findings(error: ValidationError, model: type[BaseModel] | None, *, in_yaml: bool = False) -> list[Finding]:
    """What is wrong with an input of `model`; of the alternatives of a union, only the one that was probably meant."""
    details = [detail_of(each, model)._replace(in_yaml=in_yaml) for each in error.errors(include_url=False)]
    found = [_finding(detail, error.title) for detail in without_alternatives(details)]
    meant = {(*each.path[:-1], each.meant) for each in found if each.meant}
    return [each for each in dict.fromkeys(found) if each.problem.rule != "missing-value" or each.path not in meant]


def _finding(detail: Detail, title: str) -> Finding:
    if detail.kind == "extra_forbidden":
        known = sorted(detail.owner.model_fields) if is_model(detail.owner) else []
        close = nearest(str(detail.path[-1]), known)
        return Finding(detail.path, _unknown(detail, known, close), at_key=True, meant=close)
    secret = _is_secret([detail.owner, *members(detail.annotation)])
    problem = _problem(detail, f"`{_dotted(detail.path)}` of {title}" if detail.path else title)
    return Finding(detail.path, problem._replace(quotable=not secret))


def _unknown(detail: Detail, known: list[str], close: str) -> Problem:
    name = str(detail.path[-1])
    where = detail.owner.__name__ if is_model(detail.owner) else f"`{_dotted(detail.path[:-1])}`"
    return Problem(
        "unknown-field",
        f"unknown field `{name}` of {where}" + (f"; did you mean `{close}`?" if close else ""),
        pointer=_pointer(detail.path),
        expected=f"one of: {', '.join(known)}" if known and not close else "",
        why="a setting that nothing reads would be lost in silence.",
        hint=f"write `{close}`" if close else "remove it",
    )


def _problem(detail: Detail, subject: str) -> Problem:
    expected = _described(detail)
    found = _found(detail)
    pointer = _pointer(detail.path)
    if detail.kind == "missing":
        hint = f"add `{detail.path[-1]}`"
        return Problem("missing-value", f"{subject} is missing", pointer=pointer, expected=expected, hint=hint)
    if detail.kind in ("frozen_instance", "frozen_field"):
        hint = "give it the right value from the start, or make another one with `.model_copy(update={…})`"
        return Problem(
            "wrong-value", f"{subject} cannot be changed", pointer=pointer, why="resources are values.", hint=hint
        )
    if detail.kind == "literal_error":
        options = [str(each) for member in members(detail.annotation) for each in get_args(member)]
        hint = did_you_mean(str(detail.given), options) if nearest(str(detail.given), options) else ""
        return Problem(
            "not-allowed", f"{subject} must be {expected}", pointer=pointer, found=found, expected=expected, hint=hint
        )
    if limit := _limit(detail):
        return Problem(
            "out-of-range", f"{subject} must {limit}", pointer=pointer, found=found, expected=limit.partition(" ")[2]
        )
    if detail.kind == "string_pattern_mismatch":
        expected = _PATTERNS.get(detail.context["pattern"], f"text that matches {detail.context['pattern']}")
        return Problem(
            "pattern", f"{subject} is not written as it must be", pointer=pointer, found=found, expected=expected
        )
    if is_type(detail.kind):
        hint = _retyped(detail)
        return Problem(
            "wrong-type", f"{subject} must be {expected}", pointer=pointer, found=found, expected=expected, hint=hint
        )
    return Problem("wrong-value", f"{subject}: {_lower(detail.message)}", pointer=pointer, found=found)


def _limit(detail: Detail) -> str:
    """`be at most 65535`, `have at least 1 item`; empty where the error is no limit."""
    if detail.kind in _LIMITS:
        name, words = _LIMITS[detail.kind]
        return f"be {words} {detail.context[name]}"
    if detail.kind in _SIZES:
        name, words, unit = _SIZES[detail.kind]
        number = detail.context[name]
        return f"have {words} {number} {unit}{'s' if number != 1 else ''}"
    return ""


def _described(detail: Detail) -> str:
    """`text`, `a Sink, a Resource or an External`, `a list of Container`; in YAML, models are maps."""
    words = list(dict.fromkeys(_word(each, detail.in_yaml) for each in members(detail.annotation)))
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words) or "something else"


def _word(annotation: Any, in_yaml: bool = False) -> str:
    if get_origin(annotation) is Literal:
        return _either([f"`{each}`" for each in get_args(annotation)])
    if is_model(annotation):
        fields = _either([f"`{name}`" for name in annotation.model_fields], "and")
        return f"a map of {fields}" if in_yaml else _article(annotation.__name__)
    if get_origin(annotation) in (tuple, list):
        inner = members(get_args(annotation)[0])
        return f"a list of {_either([name_of(each) if is_model(each) and not in_yaml else _word(each, in_yaml) for each in inner])}"
    return _WORDS.get(get_origin(annotation) or annotation, name_of(annotation) or "something else")


def _either(words: Sequence[str], last: str = "or") -> str:
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def _article(word: str) -> str:
    return f"{'an' if word[:1] in 'AEIO' else 'a'} {word}"


def _retyped(detail: Detail) -> str:
    """How the same thing would be written rightly, where that is likely what was meant."""
    within = members(detail.annotation)
    given = detail.given
    if detail.kind == "string_unicode":
        return "it holds half of a surrogate pair, which no file can"
    if str in within and isinstance(given, int | float):
        return "put it in quotes"
    if (
        any(get_origin(member) in (tuple, list) for member in within)
        and given is not None
        and not isinstance(given, dict)
    ):
        return "make it a list, also of a single item: […]"
    return "" if _is_secret(within) else _as_model(given, [member.__name__ for member in within if is_model(member)])


def _as_model(given: Any, models: list[str]) -> str:
    """How what was given would become one of the models."""
    if isinstance(given, str) and "Sink" in models and "://" in given:
        return f'write Sink(uri="{given[:_LONGEST]}")'
    if isinstance(given, str) and "External" in models:
        own = next(name for name in (*models, "External") if name != "External" or len(models) == 1)
        return f'pass the {own} itself; if it exists outside this project, External("{given[:_LONGEST]}", …)'
    if type(given).__name__ == "Bucket" and "BucketUri" in models:
        return "name a place in it: `.uri(…)`"
    return f"write {models[0]}(…)" if len(models) == 1 and isinstance(given, str) else ""


def _found(detail: Detail) -> str:
    given = detail.given
    if _is_secret([detail.owner, *members(detail.annotation)]):
        return ""
    if isinstance(given, int) and given.bit_length() > 200:
        return f"a number of {given.bit_length()} bits"
    if isinstance(given, str | int | float | bool | None):
        text = repr(given)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    if isinstance(given, BaseModel):
        return _article(type(given).__name__)
    return _WORDS.get(type(given), _article(type(given).__name__)) if detail.path else ""


def _is_secret(annotations: Iterable[Any]) -> bool:
    """Whether what is given may be secret, or hold something secret."""
    return any(
        annotation is SecretStr
        or (
            is_model(annotation)
            and any(SecretStr in members(field.annotation) for field in annotation.model_fields.values())
        )
        for annotation in annotations
    )


def _lower(message: str) -> str:
    message = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return message[:1].lower() + message[1:]


def _dotted(path: Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _pointer(path: Path) -> str:
    return "".join(f"/{part}" for part in path)
