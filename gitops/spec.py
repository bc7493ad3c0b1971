"""`@application`: what a spec file declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any, NamedTuple

from gitops.environments import Environment
from gitops.resources.base import Resource
from gitops.values import RESERVED_KEYS, Values, build

_VARIABLE = 0x04 | 0x08  # inspect.CO_VARARGS and CO_VARKEYWORDS, without the cost of inspect
_ASYNCHRONOUS = 0x80 | 0x200  # CO_COROUTINE and CO_ASYNC_GENERATOR

SpecFunction = Callable[..., Iterable[Resource]]


class Misdeclared(TypeError):
    """What `@application` stands on cannot be a spec function."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Application(NamedTuple):
    """A spec function with the type of its values; called like the function."""

    function: SpecFunction
    values_type: type[Values]

    def __call__(self, env: Environment, values: Values) -> Iterable[Resource]:
        """What the spec function returns for an environment."""
        return self.function(env, values) if self._takes_values() else self.function(env)

    @property
    def line(self) -> int:
        """Where in its file the function stands, decorators included."""
        return self.function.__code__.co_firstlineno

    def _takes_values(self) -> bool:
        return self.function.__code__.co_argcount > 1


def application(function: SpecFunction) -> Application:
    """Declare the application of a spec file: a pure function of an environment and, if it has settings, its values.

        @application
        def iris(env: Environment, values: IrisValues):
            return [InferenceService(...)]

    Raises:
        Misdeclared: the function does not take `(env)` or `(env, values: SomeValues)`.

    """
    if not isinstance(function, FunctionType):
        raise Misdeclared(
            f"@application stands on a function, not on a {'class' if isinstance(function, type) else type(function).__name__}"
        )
    code = function.__code__
    if code.co_flags & _ASYNCHRONOUS:
        raise Misdeclared(f"`{code.co_name}` is asynchronous", "write `def` instead of `async def`")
    names = code.co_varnames[: code.co_argcount]
    if not 1 <= len(names) <= 2 or code.co_kwonlyargcount or code.co_flags & _VARIABLE:
        taken = ", ".join(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
        raise Misdeclared(
            f"`{code.co_name}` takes `({taken})`",
            "put everything that differs between environments into one Values class",
        )
    return Application(function, _values_type(function, names[1]) if len(names) == 2 else Values)


def _values_type(function: FunctionType, name: str) -> type[Values]:
    annotation: Any = function.__annotations__.get(name)
    if isinstance(annotation, str):  # `from __future__ import annotations` in the spec
        annotation = function.__globals__.get(annotation)
    if not (isinstance(annotation, type) and issubclass(annotation, Values)):
        raise Misdeclared(f"`{name}` is not annotated with a subclass of Values", f"write `{name}: MyValues`")
    if taken := [key for key in RESERVED_KEYS if key in annotation.model_fields]:
        raise Misdeclared(f"`{taken[0]}` has a meaning of its own in values files", "name that setting otherwise")
    build(annotation)
    return annotation
