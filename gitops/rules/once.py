"""Asking the same of the same thing once: a hundred rules judge each object, and most begin alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any, TypeVar, cast

T = TypeVar("T")
_KEPT = 256


def once(make: Callable[..., T]) -> Callable[..., T]:
    """Keep the last answers of a function of things that nobody changes while rules judge them.

    Things are told apart by identity: objects are dicts, which have no hash, and equal ones may be compared as slowly as judged. An answer
    keeps its things alive, so that no other thing can get the identity of one that is gone; of clusters, which have all schemas, only one.
    A cluster is the last parameter of a function, and is called `cluster`.
    """
    code = cast("FunctionType", make).__code__
    *others, last = code.co_varnames[: code.co_argcount]
    if not others:
        ask = _of_one(make, 1 if last == "cluster" else _KEPT)
    else:
        ask = _in_cluster(make) if last == "cluster" and len(others) == 1 else _of_several(make)
    return wraps(make)(ask)


def _of_one(make: Callable[..., T], most: int) -> Callable[..., T]:
    kept: dict[int, tuple[Any, T]] = {}

    def ask(thing: Any) -> T:
        if (found := kept.get(id(thing))) is not None:
            return found[1]
        if len(kept) >= most:
            kept.clear()
        answer = make(thing)
        kept[id(thing)] = thing, answer
        return answer

    return ask


def _in_cluster(make: Callable[..., T]) -> Callable[..., T]:
    kept: dict[int, tuple[Any, T]] = {}
    where: Any = None

    def ask(thing: Any, cluster: Any) -> T:
        nonlocal where
        if where is not cluster or len(kept) >= _KEPT:
            kept.clear()
            where = cluster
        elif (found := kept.get(id(thing))) is not None:
            return found[1]
        answer = make(thing, cluster)
        if where is cluster:  # unless the answer was had by asking the same elsewhere
            kept[id(thing)] = thing, answer
        return answer

    return ask


def _of_several(make: Callable[..., T]) -> Callable[..., T]:
    kept: dict[tuple[int, ...], tuple[tuple[Any, ...], T]] = {}

    def ask(*things: Any) -> T:
        key = tuple(map(id, things))
        if (found := kept.get(key)) is not None:
            return found[1]
        if len(kept) >= _KEPT:
            kept.clear()
        answer = make(*things)
        kept[key] = things, answer
        return answer

    return ask
