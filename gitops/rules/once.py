"""Asking the same of the same thing once: a hundred rules judge each object, and most begin alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar

from gitops.rules.base import Cluster

T = TypeVar("T")
_KEPT = 256


def once(make: Callable[..., T]) -> Callable[..., T]:
    """Keep the last answers of a function of things that nobody changes while rules judge them.

    Things are told apart by identity: objects are dicts, which have no hash, and equal ones may be compared as slowly as judged. An answer
    keeps its things alive, so that no other thing can get the identity of one that is gone; of clusters, which have all schemas, only one.
    """
    kept: dict[Any, tuple[tuple[Any, ...], T]] = {}

    @wraps(make)
    def ask(*things: Any) -> T:
        key = id(things[0]) if len(things) == 1 else tuple(map(id, things))
        if (found := kept.get(key)) is not None:
            return found[1]
        if len(kept) >= _KEPT or (isinstance(things[-1], Cluster) and _is_another(things, kept.values())):
            kept.clear()
        answer = make(*things)
        kept[key] = things, answer
        return answer

    return ask


def _is_another(things: tuple[Any, ...], kept: Iterable[tuple[tuple[Any, ...], Any]]) -> bool:
    return next((others[-1] is not things[-1] for others, _ in kept), False)
