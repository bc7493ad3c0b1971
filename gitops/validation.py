"""What pydantic found wrong, in the words of specs and YAML rather than its own. Only used once there is an error."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError

from gitops.problems import Problem, did_you_mean, nearest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]

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
_TYPES = {"is_instance_of", "model_attributes_type", "int_from_float", "string_unicode", "union", "none_required", "finite_number"}
_LONGEST = 80


class Finding(NamedTuple):
    """One thing that is wrong with some input: where in it, and the problem without its location."""

    path: Path
    problem: Problem
    at_key: bool = False
    meant: str = ""
    """The name that an unknown one was probably meant to be."""


class _Detail(NamedTuple):
    """One of pydantic's errors, and where it leads: through which model to which annotation, and past which unions."""

    kind: str
    path: Path
    owner: Any
    annotation: Any
    given: Any
    context: dict[str, Any]
    message: str
    unions: tuple[tuple[Path, Any, str], ...]
    in_yaml: bool = False


def findings(error: ValidationError, model: type[BaseModel] | None, *, in_yaml: bool = False) -> list[Finding]:
    """What is wrong with an input of `model`; of the alternatives of a union, only the one that was probably meant."""
    details = [_detail(each, model)._replace(in_yaml=in_yaml) for each in error.errors(include_url=False)]
    found = [_finding(detail, error.title) for detail in _without_alternatives(details)]
    meant = {(*each.path[:-1], each.meant) for each in found if each.meant}
    return [each for each in dict.fromkeys(found) if each.problem.rule != "missing-value" or each.path not in meant]


def _detail(error: ErrorDetails, model: Any) -> _Detail:
    path: list[str | int] = []
    unions: list[tuple[Path, Any, str]] = []
    owner, annotation = model, model
    for part in error["loc"]:
        members = _members(annotation)
        if len(members) > 1:  # the part is pydantic's name of a member, not one of the input
            unions.append((tuple(path), annotation, str(part)))
            annotation = next((member for member in members if _name(member) and _name(member) in str(part)), None)
        elif part != "[key]":
            path.append(part)
            owner = members[0] if members and _is_model(members[0]) else owner
            annotation = _inside(members[0] if members else None, part)
    return _Detail(
        error["type"],
        tuple(path),
        owner,
        annotation,
        error.get("input"),
        error.get("ctx", {}),
        error["msg"],
        tuple(unions),
    )


def _members(annotation: Any) -> list[Any]:
    """What an annotation allows, without None."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [member for each in get_args(annotation) for member in _members(each)]
    return [] if annotation in (None, type(None)) else [annotation]


def _inside(annotation: Any, part: str | int) -> Any:
    """The annotation of what stands at a field, key or index."""
    if _is_model(annotation):
        field = annotation.model_fields.get(part)
        return field.annotation if field else None
    arguments = get_args(annotation)
    return arguments[-1 if get_origin(annotation) is dict else 0] if arguments else None


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _name(annotation: Any) -> str:
    return str(getattr(get_origin(annotation) or annotation, "__name__", ""))


def _without_alternatives(details: Sequence[_Detail]) -> Iterator[_Detail]:
    """Of a union, the errors of the member that got furthest into the input; one for all of them if none got anywhere."""
    by_union: dict[Path, list[_Detail]] = {}
    for detail in details:
        if detail.unions:
            by_union.setdefault(detail.unions[0][0], []).append(detail)
        else:
            yield detail
    for path, alternatives in by_union.items():
        deeper = [each for each in alternatives if each.path != path or not _is_type(each.kind)]
        if deeper:
            members = [each.unions[0][2] for each in deeper]
            yield from (each for each in deeper if each.unions[0][2] == min(members, key=members.count))
        else:
            yield alternatives[0]._replace(kind="union", path=path, annotation=alternatives[0].unions[0][1])


def _is_type(kind: str) -> bool:
    return kind in _TYPES or kind.endswith(("_type", "_parsing", "_parsing_size"))


def _finding(detail: _Detail, title: str) -> Finding:
    if detail.kind == "extra_forbidden":
        known = sorted(detail.owner.model_fields) if _is_model(detail.owner) else []
        close = nearest(str(detail.path[-1]), known)
        return Finding(detail.path, _unknown(detail, known, close), at_key=True, meant=close)
    secret = _is_secret([detail.owner, *_members(detail.annotation)])
    problem = _problem(detail, f"`{_dotted(detail.path)}` of {title}" if detail.path else title)
    return Finding(detail.path, problem._replace(quotable=not secret))


def _unknown(detail: _Detail, known: list[str], close: str) -> Problem:
    name = str(detail.path[-1])
    where = detail.owner.__name__ if _is_model(detail.owner) else f"`{_dotted(detail.path[:-1])}`"
    return Problem(
        "unknown-field",
        f"unknown field `{name}` of {where}" + (f"; did you mean `{close}`?" if close else ""),
        pointer=_pointer(detail.path),
        expected=f"one of: {', '.join(known)}" if known and not close else "",
        why="a setting that nothing reads would be lost in silence.",
        hint=f"write `{close}`" if close else "remove it",
    )


def _problem(detail: _Detail, subject: str) -> Problem:
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
        options = [str(each) for member in _members(detail.annotation) for each in get_args(member)]
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
    if _is_type(detail.kind):
        hint = _retyped(detail)
        return Problem(
            "wrong-type", f"{subject} must be {expected}", pointer=pointer, found=found, expected=expected, hint=hint
        )
    return Problem("wrong-value", f"{subject}: {_lower(detail.message)}", pointer=pointer, found=found)


def _limit(detail: _Detail) -> str:
    """`be at most 65535`, `have at least 1 item`; empty where the error is no limit."""
    if detail.kind in _LIMITS:
        name, words = _LIMITS[detail.kind]
        return f"be {words} {detail.context[name]}"
    if detail.kind in _SIZES:
        name, words, unit = _SIZES[detail.kind]
        number = detail.context[name]
        return f"have {words} {number} {unit}{'s' if number != 1 else ''}"
    return ""


def _described(detail: _Detail) -> str:
    """`text`, `a Sink, a Resource or an External`, `a list of Container`; in YAML, models are maps."""
    words = list(dict.fromkeys(_word(each, detail.in_yaml) for each in _members(detail.annotation)))
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words) or "something else"


def _word(annotation: Any, in_yaml: bool = False) -> str:
    if get_origin(annotation) is Literal:
        return _either([f"`{each}`" for each in get_args(annotation)])
    if _is_model(annotation):
        fields = _either([f"`{name}`" for name in annotation.model_fields], "and")
        return f"a map of {fields}" if in_yaml else _article(annotation.__name__)
    if get_origin(annotation) in (tuple, list):
        inner = _members(get_args(annotation)[0])
        return f"a list of {_either([_name(each) if _is_model(each) and not in_yaml else _word(each, in_yaml) for each in inner])}"
    return _WORDS.get(get_origin(annotation) or annotation, _name(annotation) or "something else")


def _either(words: Sequence[str], last: str = "or") -> str:
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def _article(word: str) -> str:
    return f"{'an' if word[:1] in 'AEIO' else 'a'} {word}"


def _retyped(detail: _Detail) -> str:
    """How the same thing would be written rightly, where that is likely what was meant."""
    members = _members(detail.annotation)
    given = detail.given
    if detail.kind == "string_unicode":
        return "it holds half of a surrogate pair, which no file can"
    if str in members and isinstance(given, int | float):
        return "put it in quotes"
    if (
        any(get_origin(member) in (tuple, list) for member in members)
        and given is not None
        and not isinstance(given, dict)
    ):
        return "make it a list, also of a single item: […]"
    return "" if _is_secret(members) else _as_model(given, [member.__name__ for member in members if _is_model(member)])


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


def _found(detail: _Detail) -> str:
    given = detail.given
    if _is_secret([detail.owner, *_members(detail.annotation)]):
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
            _is_model(annotation)
            and any(SecretStr in _members(field.annotation) for field in annotation.model_fields.values())
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
