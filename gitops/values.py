"""The typed settings of an application, and the layers of files that they come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import SecretStr

from gitops.environments import merge
from gitops.model import Closed

RESERVED_KEYS = ("enabled", "secrets")
"""Keys of a values file that are not settings: whether the application runs there, and plaintext for development secrets."""

Path = tuple[str | int, ...]


class Values(Closed):
    """Base of an application's settings; subclass it in the spec and annotate the spec function's parameter with it."""


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
