"""Where pydantic's errors lead: through which models and unions, to which annotation. Only used once there is an error."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]

_TYPES = {
    "is_instance_of",
    "model_attributes_type",
    "int_from_float",
    "string_unicode",
    "union",
    "none_required",
    "finite_number",
}


class Detail(NamedTuple):
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


def detail_of(error: ErrorDetails, model: Any) -> Detail:
    """One of pydantic's errors, its path without the names of union members."""
    path: list[str | int] = []
    unions: list[tuple[Path, Any, str]] = []
    owner, annotation = model, model
    for part in error["loc"]:
        within = members(annotation)
        if len(within) > 1:  # the part is pydantic's name of a member, not one of the input
            unions.append((tuple(path), annotation, str(part)))
            annotation = next((member for member in within if name_of(member) and name_of(member) in str(part)), None)
        elif part != "[key]":
            path.append(part)
            owner = within[0] if within and is_model(within[0]) else owner
            annotation = _inside(within[0] if within else None, part)
    return Detail(
        error["type"],
        tuple(path),
        owner,
        annotation,
        error.get("input"),
        error.get("ctx", {}),
        error["msg"],
        tuple(unions),
    )


def members(annotation: Any) -> list[Any]:
    """What an annotation allows, without None."""
    if get_origin(annotation) is Annotated:
        return members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [member for each in get_args(annotation) for member in members(each)]
    return [] if annotation in (None, type(None)) else [annotation]


def _inside(annotation: Any, part: str | int) -> Any:
    """The annotation of what stands at a field, key or index."""
    if is_model(annotation):
        field = annotation.model_fields.get(part)
        return field.annotation if field else None
    arguments = get_args(annotation)
    return arguments[-1 if get_origin(annotation) is dict else 0] if arguments else None


def is_model(annotation: Any) -> bool:
    """Whether an annotation is a pydantic model."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def name_of(annotation: Any) -> str:
    """What a type is called; empty for what has no name."""
    return str(getattr(get_origin(annotation) or annotation, "__name__", ""))


def without_alternatives(details: Sequence[Detail]) -> Iterator[Detail]:
    """Of a union, the errors of the member that got furthest into the input; one for all of them if none got anywhere."""
    by_union: dict[Path, list[Detail]] = {}
    for detail in details:
        if detail.unions:
            by_union.setdefault(detail.unions[0][0], []).append(detail)
        else:
            yield detail
    for path, alternatives in by_union.items():
        deeper = [each for each in alternatives if each.path != path or not is_type(each.kind)]
        if deeper:
            within = [each.unions[0][2] for each in deeper]
            yield from (each for each in deeper if each.unions[0][2] == min(within, key=within.count))
        else:
            yield alternatives[0]._replace(kind="union", path=path, annotation=alternatives[0].unions[0][1])


def is_type(kind: str) -> bool:
    """Whether a kind of error says that the type itself is wrong."""
    return kind in _TYPES or kind.endswith(("_type", "_parsing", "_parsing_size"))
