"""The typed settings of an application, and the layers of files that they come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import ConfigDict, SecretStr

from gitops.environments import merge
from gitops.model import Closed

RESERVED_KEYS = ("enabled", "secrets")
"""Keys of a values file that are not settings: whether the application runs there, and plaintext for development secrets."""

Path = tuple[str | int, ...]


class Values(Closed):
    """Base of an application's settings; subclass it in the spec and annotate the spec function's parameter with it."""

    model_config = ConfigDict(defer_build=True)  # see `validated`


_PLAIN = (str, int, float, bool)


def validated(values_type: type[Values], data: dict[str, Any]) -> Values:
    """The values of an application. Raises pydantic's ValidationError.

    Where every field is a plain type without a constraint, and every value is exactly of its field's type, there is nothing that
    pydantic could refuse or change; its validator, which takes longer to build than all else in a small spec, is then not built.
    """
    fields = values_type.model_fields
    exact = _unconstrained(values_type) and all(
        name in fields and type(value) is fields[name].annotation for name, value in data.items()
    )
    if exact and all(name in data for name, field in fields.items() if field.is_required()):
        return values_type.model_construct(**data)
    return values_type.model_validate(data)


def build(values_type: type[Values]) -> None:
    """Build what `validated` will need, so that a wrong annotation is an error of the spec that has it. Raises what pydantic does."""
    if not _unconstrained(values_type):
        values_type.model_rebuild()


def _unconstrained(values_type: type[Values]) -> bool:
    """Whether pydantic would take every value of a field's exact type as it is."""
    decorators = values_type.__pydantic_decorators__
    return (
        values_type.model_config == Values.model_config
        and values_type.__init__ is Values.__init__
        and not (
            decorators.field_validators
            or decorators.validators
            or decorators.model_validators
            or decorators.root_validators
        )
        and values_type.model_post_init is Values.model_post_init
        and all(
            field.annotation in _PLAIN
            and not field.metadata
            and field.validate_default is None
            and field.alias is None
            and field.validation_alias is None
            for field in values_type.model_fields.values()
        )
    )


class Layer(NamedTuple):
    """One YAML file of a chain that is merged, and its content."""

    file: str
    data: dict[str, Any]


class Layers(NamedTuple):
    """A chain of files, the most general first, and their merged content."""

    layers: tuple[Layer, ...]
    merged: dict[str, Any]

    def origin(self, path: Sequence[str | int]) -> str:
        """The file that decides the value at `path`: the last one that has it, else has most of the way to it, else the last."""
        for length in range(len(path), 0, -1):
            for layer in reversed(self.layers):
                if _has(layer.data, path[:length]):
                    return str(layer.file)
        return self.layers[-1].file if self.layers else ""


class Settings(NamedTuple):
    """An application's settings in one environment, before the spec's Values type has seen them."""

    layers: Layers
    enabled: bool
    values: dict[str, Any]
    secrets: dict[str, dict[str, SecretStr]]


def layered(layers: Sequence[Layer]) -> Layers:
    """The layers merged, the most general first."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = merge(merged, layer.data)
    return Layers(tuple(layers), merged)


def _has(data: Any, path: Sequence[str | int]) -> bool:
    for part in path:
        if not _holds(data, part):
            return False
        data = data[part]
    return True


def _holds(data: Any, part: str | int) -> bool:
    if isinstance(data, dict):
        return part in data
    return isinstance(data, list) and isinstance(part, int) and part < len(data)
