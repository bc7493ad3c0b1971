"""What went wrong in a spec or a YAML file, told with its place: exceptions become problems. Only used once there is an error."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from gitops import yaml
from gitops.locate import Span, locate
from gitops.location import Location
from gitops.problems import InvalidInput, Problem, did_you_mean, nearest
from gitops.project import Sources
from gitops.values import Layers

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_SECRET_PARTS = ("secrets", "credentials")


def invalid_yaml(error: ValidationError, layers: Layers, sources: Sources, model: type[BaseModel], environment: str) -> list[Problem]:
    """A validation error of merged environment files as problems at the lines that decided."""
    return _in_layers(error, layers, sources, model, sources.project.environment_file(environment))


def invalid_values(
    error: ValidationError, layers: Layers, sources: Sources, model: type[BaseModel], environment: str, application: str
) -> list[Problem]:
    """A validation error of an application's values as problems at the lines that decided."""
    return _in_layers(error, layers, sources, model, sources.project.values_file(environment, application))


def _in_layers(error: ValidationError, layers: Layers, sources: Sources, model: type[BaseModel], own: str) -> list[Problem]:
    return [_yaml_problem(detail, layers, sources, model, own) for detail in error.errors(include_url=False)]


def _yaml_problem(detail: ErrorDetails, layers: Layers, sources: Sources, model: type[BaseModel], own: str) -> Problem:
    problem, path = _problem(detail, model), detail["loc"]
    if detail["type"] == "missing" and len(path) == 1:  # no file has it: it belongs into the most specific one
        return problem._replace(location=Location(own), hint=f"add `{path[0]}: …` to {own}")
    file = layers.origin(path)
    return problem._replace(location=Location(file, *yaml.positions(sources.text(file)).of(path, key=_at_key(detail))))


def _at_key(detail: ErrorDetails) -> bool:
    return detail["type"] == "extra_forbidden"


def _problem(detail: ErrorDetails, model: type[BaseModel] | None) -> Problem:
    """The problem without its place: what was found and expected, in the words of YAML and specs rather than of pydantic."""
    path = detail["loc"]
    name = str(path[-1]) if path else ""
    full = ".".join(map(str, path))
    if detail["type"] == "extra_forbidden":
        known = _fields_at(model, path[:-1])
        owner = _owner(model, path[:-1])
        close = nearest(name, known)
        return Problem(
            "unknown-field",
            f"unknown field `{name}` of {owner}" + (f"; did you mean `{close}`?" if close else ""),
            pointer=full,
            expected=f"one of: {', '.join(sorted(known))}" if known and not close else "",
            why="a setting that nothing reads would be lost in silence.",
            hint=f"write `{close}`" if close else "",
        )
    if detail["type"] == "missing":
        return Problem(
            "missing-value",
            f"`{full}` of {_owner(model, path[:-1])} is missing",
            pointer=full,
            expected=f"a value for `{name}`",
        )
    return Problem("wrong-value", f"`{full}`: {_lower(detail['msg'])}" if full else _lower(detail["msg"]), pointer=full, found=_found(detail))


def _lower(message: str) -> str:
    message = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return message[:1].lower() + message[1:]


def _found(detail: ErrorDetails) -> str:
    value = detail.get("input")
    if any(part in _SECRET_PARTS for part in detail["loc"]) or not isinstance(value, str | int | float | bool | None):
        return ""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _fields_at(model: Any, path: Sequence[str | int]) -> list[str]:
    """The names of the fields of the model that `path` leads to; none if it leads elsewhere."""
    inner = _model_at(model, path)
    return list(inner.model_fields) if inner else []


def _owner(model: Any, path: Sequence[str | int]) -> str:
    inner = _model_at(model, path)
    return inner.__name__ if inner else (f"`{'.'.join(map(str, path))}`" if path else "the file")


def _model_at(model: Any, path: Sequence[str | int]) -> type[BaseModel] | None:
    for part in path:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part) if model else None
        if field is None:
            return model if isinstance(part, str) and part[:1].isupper() else None
        model = _model_in(field.annotation)
    return model if isinstance(model, type) else None


def _model_in(annotation: Any) -> Any:
    """The model inside an annotation such as `tuple[Port, ...]` or `Logger | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _model_in(part))), None)


def spec_error(error: BaseException, path: str, sources: Sources) -> list[Problem]:
    """Whatever a spec raised, as problems at the user's own line."""
    if isinstance(error, InvalidInput):
        return list(error.problems)
    if isinstance(error, SyntaxError) and (file := _project_file(error.filename, sources)):
        return [_syntax_error(error, file)]
    if isinstance(error, ValidationError):
        return _validation_error(error, path, sources)
    file, line, span = _frame(error, path, sources)
    location, _ = locate(sources.text(file), file, line, (), span) if file in sources.files and span else (Location(file, line), None)
    name = type(error).__name__
    if isinstance(error, ModuleNotFoundError | ImportError):
        return [Problem("spec-import", str(error), location._replace(line=line), hint=_import_hint(error))]
    if isinstance(error, TypeError) and path == file and not span:
        return [Problem("spec-error", str(error), location)]
    return [
        Problem(
            "spec-error",
            f"{name}: {error}" if str(error) else name,
            location._replace(line=line) if location.line != line else location,
            why="a spec is a pure function of its environment and values; whatever it raises stops this application.",
        )
    ]


def _syntax_error(error: SyntaxError, file: str) -> Problem:
    location = Location(file, error.lineno or 1, error.offset or 1)
    return Problem("spec-syntax", f"not Python: {error.msg}", location, found=(error.text or "").strip()[:80])


def _import_hint(error: ImportError) -> str:
    import gitops

    missing = re.match(r"cannot import name '(\w+)' from 'gitops'", str(error))
    if missing:
        return did_you_mean(missing[1], gitops.__all__)
    return "specs import gitops, the standard library and helper files of this folder (`from specs._helpers import …`)"


def _validation_error(error: ValidationError, path: str, sources: Sources) -> list[Problem]:
    file, line, span = _frame(error, path, sources)
    model = _model_named(error.title)
    problems = []
    for detail in error.errors(include_url=False):
        problem = _problem(detail, model)
        location, _ = locate(sources.text(file), file, line, detail["loc"], span) if file in sources.files else (Location(file, line), None)
        name = error.title
        message = problem.message if name in problem.message else f"{name}: {problem.message}"
        problems.append(problem._replace(location=location, message=message))
    return _without_union_noise(problems)


def _without_union_noise(problems: list[Problem]) -> list[Problem]:
    """pydantic reports each alternative of a union; one problem a place says enough."""
    seen: dict[tuple[Location | None, str], Problem] = {}
    for problem in problems:
        key = (problem.location, problem.rule if problem.rule == "unknown-field" else "value")
        if key not in seen or problem.rule == "unknown-field":
            seen.setdefault((*key[:1], f"{key[1]}{problem.message if problem.rule == 'unknown-field' else ''}"), problem)
    return list(seen.values())


def _model_named(name: str) -> type[BaseModel] | None:
    import gitops

    found = getattr(gitops, name, None) if name in gitops.__all__ else None
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _frame(error: BaseException, path: str, sources: Sources) -> tuple[str, int, Span | None]:
    """The innermost place in the project's own files that the error came through."""
    found: tuple[str, int, Span | None] = (path, 0, None)
    trace = error.__traceback__
    while trace:
        if file := _project_file(trace.tb_frame.f_code.co_filename, sources):
            found = (file, trace.tb_lineno, _span(trace))
        trace = trace.tb_next
    return found


def _span(trace: TracebackType) -> Span | None:
    positions = list(trace.tb_frame.f_code.co_positions())
    first, last, start, end = positions[trace.tb_lasti // 2]
    return None if None in (first, last, start, end) else (first, last, start, end)  # type: ignore[return-value]


def _project_file(filename: str | None, sources: Sources) -> str:
    root = f"{sources.project.root}/"
    inside = filename is not None and filename.startswith(f"{root}{sources.project.specs}/")
    return Path(str(filename)[len(root) :]).as_posix() if inside else ""
