"""What went wrong in a spec or a YAML file, told with its place: exceptions become problems. Only used once there is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from pkgutil import iter_modules
from types import TracebackType
from typing import NamedTuple

from pydantic import BaseModel, ValidationError

from gitops import yaml
from gitops.environments import Environment
from gitops.locate import Span, column, locate, text_of
from gitops.location import Location
from gitops.problems import InvalidInput, Problem, did_you_mean, nearest
from gitops.project import BASE, Sources
from gitops.spec import Misdeclared
from gitops.validation import Finding, findings
from gitops.values import Layers, Values

_WHY = "a spec is a pure function of its environment and values; whatever it raises stops this application."


def invalid_environment(error: ValidationError, layers: Layers, sources: Sources) -> list[Problem]:
    """A validation error of merged environment files as problems at the lines that decided."""
    own = sources.project.environment_file(BASE)
    return [_in_layers(each, layers, sources, own) for each in findings(error, Environment, in_yaml=True)]


def invalid_values(
    error: ValidationError, layers: Layers, sources: Sources, model: type[Values], application: str
) -> list[Problem]:
    """A validation error of an application's values as problems at the lines that decided."""
    own = sources.project.values_file(BASE, application)
    problems = [_in_layers(each, layers, sources, own) for each in findings(error, model, in_yaml=True)]
    return problems if model is not Values else [_takes_none(each, application) for each in problems]


def _in_layers(finding: Finding, layers: Layers, sources: Sources, base: str) -> Problem:
    path, problem = finding.path, finding.problem
    if problem.rule == "missing-value" and len(path) == 1 and not any(path[0] in layer.data for layer in layers.layers):
        # What base lacks, every environment lacks: there it helps them all, and is one problem rather than many.
        return problem._replace(location=Location(base), hint=f"add `{path[0]}: …` to {base}")
    file = layers.origin(path)
    return problem._replace(location=Location(file, *yaml.positions(sources.text(file)).of(path, key=finding.at_key)))


def _takes_none(problem: Problem, application: str) -> Problem:
    return problem._replace(
        message=f"{problem.message.partition(' of ')[0]}: `{application}` takes no values",
        hint="let the spec function take `values: MyValues`, or remove the field",
    )


class _Frame(NamedTuple):
    """A place in the project's own files that an error came through."""

    file: str
    line: int = 0
    span: Span | None = None

    def location(self, sources: Sources) -> Location:
        """Its first character."""
        line, start = (self.span[0], self.span[2]) if self.span else (self.line, None)
        return Location(self.file, line, 0 if start is None else column(text_of(self.file, sources), line, start))


def spec_error(error: BaseException, path: str, sources: Sources) -> list[Problem]:
    """Whatever a spec raised, as problems at the user's own line."""
    if isinstance(error, InvalidInput):
        return list(error.problems)
    if isinstance(error, SyntaxError) and (file := _project_file(error.filename, sources)):
        return [_syntax_error(error, file)]
    frames = list(_frames(error, sources)) or [_Frame(path)]
    if isinstance(error, ValidationError):
        return list(_validation_error(error, frames[-1], sources))
    location = frames[-1].location(sources)
    if isinstance(error, Misdeclared):
        return [
            Problem(
                "spec-signature", str(error), location, expected="`(env)` or `(env, values: MyValues)`", hint=error.hint
            )
        ]
    if isinstance(error, ImportError):
        return [_import_error(error, location)]
    message = " ".join(str(error).split())
    shown = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return [Problem("spec-error", shown, location, found=_caller(frames, path, sources), why=_WHY, hint=_hint(error))]


def _caller(frames: list[_Frame], path: str, sources: Sources) -> str:
    """Where the spec called the helper that raised."""
    calls = [frame for frame in frames if frame.file == path]
    return f"called from {calls[-1].location(sources)}" if calls and frames[-1].file != path else ""


def _hint(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return "return the resources instead of ending the program"
    if isinstance(error, RecursionError):
        return "a function calls itself without an end"
    if isinstance(error, AttributeError) and error.obj is None and "NoneType" in str(error):
        return "what an environment does not state is None: test for that first"
    if isinstance(error, AttributeError | NameError) and error.name:
        known = [name for name in dir(getattr(error, "obj", None)) if not name.startswith("_")]
        return f"did you mean `{close}`?" if (close := nearest(error.name, known)) else ""
    if isinstance(error, TypeError) and str(error).startswith("application() missing"):
        return "write `@application` without parentheses"
    if isinstance(error, TypeError) and "takes 1 positional argument" in str(error):
        return "give its arguments by name, as in `name=…`"
    return ""


def _syntax_error(error: SyntaxError, file: str) -> Problem:
    location = Location(file, error.lineno or 1, error.offset or 1)
    return Problem("spec-syntax", f"not Python: {error.msg}", location, found=(error.text or "").strip()[:80])


def _import_error(error: ImportError, location: Location) -> Problem:
    message = re.sub(r" \((/|unknown location|[A-Za-z]:\\).*\)$", "", str(error))  # where the module is helps nobody
    return Problem("spec-import", message[:1].lower() + message[1:], location, hint=_import_hint(error))


def _import_hint(error: ImportError) -> str:
    import sys

    named = re.match(r"cannot import name '(\w+)' from '([\w.]+)'", str(error))
    if named and named[2] in sys.modules:
        module = sys.modules[named[2]]
        return did_you_mean(
            named[1], [name for name in getattr(module, "__all__", None) or vars(module) if not name.startswith("__")]
        )
    package, _, name = str(error.name).rpartition(".")
    if package in sys.modules:
        there = [each.name for each in iter_modules(getattr(sys.modules[package], "__path__", []))]
        return did_you_mean(name, [helper for helper in there if helper.startswith("_")] or there)
    return "specs import gitops, the standard library and helper files of this folder (`from specs._helpers import …`)"


def _validation_error(error: ValidationError, frame: _Frame, sources: Sources) -> Iterator[Problem]:
    text = text_of(frame.file, sources)
    for path, problem, *_ in findings(error, _model_named(error.title)):
        location, _ = locate(text, frame.file, frame.line, path, frame.span)
        yield problem._replace(location=location if location.column else frame.location(sources))


def _model_named(name: str) -> type[BaseModel] | None:
    import gitops

    found = getattr(gitops, name, None) if name in gitops.__all__ else None
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _frames(error: BaseException, sources: Sources) -> Iterator[_Frame]:
    """The places in the project's own files that the error came through, the outermost first."""
    trace = error.__traceback__
    while trace:
        if file := _project_file(trace.tb_frame.f_code.co_filename, sources):
            yield _Frame(file, trace.tb_lineno, _span(trace))
        trace = trace.tb_next


def _span(trace: TracebackType) -> Span | None:
    positions = list(trace.tb_frame.f_code.co_positions())
    first, last, start, end = positions[trace.tb_lasti // 2]
    return None if None in (first, last, start, end) else (first, last, start, end)  # type: ignore[return-value]


def _project_file(filename: str | None, sources: Sources) -> str:
    root = f"{sources.project.root}/"
    inside = filename is not None and filename.startswith(f"{root}{sources.project.specs}/")
    return Path(str(filename)[len(root) :]).as_posix() if inside else ""
