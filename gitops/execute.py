"""Specs are Python: run them as modules of one package, see what they open, and turn whatever they raise into problems."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, TypeVar

from gitops.explain import spec_error
from gitops.location import Location
from gitops.problems import InvalidInput, Problem
from gitops.project import Sources
from gitops.spec import Application

T = TypeVar("T")


def load_application(sources: Sources, name: str) -> Application:
    """Run a spec file and take its application. Raises InvalidInput with the place of what went wrong."""
    path = sources.specs[name]
    text = sources.text(path)
    with _importing(sources):
        module = _module(sources, path)
        _attempt(
            sources,
            path,
            lambda: exec(compile(text, str(sources.project.root / path), "exec", dont_inherit=True), module.__dict__),
        )
    found = [value for value in vars(module).values() if isinstance(value, Application)]
    own = [each for each in found if each.function.__module__ == module.__name__]
    if len(own) != 1:
        raise InvalidInput([_not_one_application(path, own)])
    return own[0]


def call(sources: Sources, path: str, function: Callable[[], T]) -> T:
    """Run the user's code; whatever it raises becomes a problem at its own line. Raises InvalidInput."""
    with _importing(sources):
        return _attempt(sources, path, function)


def _attempt(sources: Sources, path: str, function: Callable[[], T]) -> T:
    try:
        return function()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a spec may raise anything, SystemExit included
        raise InvalidInput(spec_error(error, path, sources)) from error


@contextmanager
def _importing(sources: Sources) -> Iterator[None]:
    """Specs are modules of one package, so that they can import helpers of theirs; no byte code is left beside them."""
    package = _package(sources)
    if package not in sys.modules:
        module = types.ModuleType(package)
        module.__path__ = [str(sources.project.root / sources.project.specs)]
        sys.modules[package] = module
    global _watching
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    _watching = True
    try:
        with redirect_stdout(sys.stderr):  # stdout is for results
            yield
    finally:
        sys.dont_write_bytecode, _watching = before, False


def _package(sources: Sources) -> str:
    return sources.project.specs.rpartition("/")[2]


def _module(sources: Sources, path: str) -> types.ModuleType:
    package = _package(sources)
    module = types.ModuleType(f"{package}.{path.rpartition('/')[2][:-3]}")
    module.__file__ = str(sources.project.root / path)
    module.__package__ = package
    sys.modules[module.__name__] = module
    return module


_opened: set[str] = set()
_watching = False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event == "open" and isinstance(arguments[0], str):
        _opened.add(arguments[0])


sys.addaudithook(_watch)


def opened(sources: Sources) -> tuple[str, ...]:
    """Files of the project that specs have opened so far in this process, imported helpers included, other than the sources."""
    prefix = f"{sources.project.root}/"
    paths = {_source_of(path).removeprefix(prefix) for path in _opened if path.startswith(prefix)}
    return tuple(sorted(path for path in paths if path not in sources.files))


def _source_of(path: str) -> str:
    """The module of a file of byte code; other files as they are."""
    folder, _, name = path.rpartition("/")
    return f"{folder.removesuffix('/__pycache__')}/{name.partition('.')[0]}.py" if name.endswith(".pyc") else path


def _not_one_application(path: str, declared: list[Application]) -> Problem:
    if not declared:
        return Problem(
            "no-application",
            f"`{path}` declares no application",
            Location(path, 1, 1),
            expected="exactly one function with @application",
            why="every file of this folder is one application, named after the file.",
            hint="name a file of shared helpers with a leading underscore, such as `_helpers.py`",
        )
    names = " and ".join(f"`{each.function.__name__}`" for each in declared)
    return Problem(
        "several-applications",
        f"`{path}` declares {len(declared)} applications: {names}",
        Location(path, declared[1].line, 1),
        expected="exactly one function with @application",
        why="an application is named after its file.",
        hint="give each a file of its own",
    )
