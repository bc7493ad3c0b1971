"""`@application`: what a spec file declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gitops.environments import Environment
from gitops.resources.base import Resource
from gitops.values import RESERVED_KEYS, Values

SpecFunction = Callable[..., Iterable[Resource]]


class Application(NamedTuple):
    """A spec function with the type of its values; called like the function."""

    function: SpecFunction
    values_type: type[Values]

    def __call__(self, env: Environment, values: Values) -> Iterable[Resource]:
        """What the spec function returns for an environment."""
        return self.function(env, values) if self._takes_values() else self.function(env)

    def _takes_values(self) -> bool:
        return self.function.__code__.co_argcount > 1


def application(function: SpecFunction) -> Application:
    """Declare the application of a spec file: a pure function of an environment and, if it has settings, its values.

        @application
        def iris(env: Environment, values: IrisValues):
            return [InferenceService(...)]

    Raises:
        TypeError: the function does not take `(env)` or `(env, values: SomeValues)`.
    """
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    if not 1 <= len(names) <= 2:
        raise TypeError(f"a spec function takes `(env)` or `(env, values)`, not `({', '.join(names)})`")
    return Application(function, _values_type(function, names[1]) if len(names) == 2 else Values)


def _values_type(function: SpecFunction, name: str) -> type[Values]:
    annotation: Any = function.__annotations__.get(name)
    if isinstance(annotation, str):  # `from __future__ import annotations` in the spec
        annotation = function.__globals__.get(annotation)
    if not (isinstance(annotation, type) and issubclass(annotation, Values)):
        raise TypeError(f"annotate `{name}` with a subclass of Values, such as `{name}: MyValues`")
    if taken := [key for key in RESERVED_KEYS if key in annotation.model_fields]:
        raise TypeError(f"`{taken[0]}` has a meaning of its own in values files; name that setting otherwise")
    return annotation
