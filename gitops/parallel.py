"""Spread work over processes that share what was loaded before: forked, so nothing is sent to them but the items' numbers."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

WORTHWHILE = 48
"""Items below which starting processes costs more than it gains."""

_CHUNK = 24

_task: tuple[Callable[[Any], Any], Sequence[Any]] = (lambda item: item, ())


def processes() -> int:
    """How many processes this one may use at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(function: Callable[[T], R], items: Sequence[T], jobs: int) -> Iterator[R]:
    """`map(function, items)`, in order, over `jobs` processes where that is possible and worthwhile.

    What the function raises is raised here; the other processes are then ended.
    """
    with _without_garbage_collection():
        if jobs < 2 or len(items) < WORTHWHILE or not hasattr(os, "fork"):
            yield from map(function, items)
        else:
            yield from _forked(function, items, jobs)


def _forked(function: Callable[[T], R], items: Sequence[T], jobs: int) -> Iterator[R]:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    global _task
    _task = (function, items)
    with ProcessPoolExecutor(jobs, get_context("fork")) as pool:
        try:
            for results in pool.map(_chunk, range(0, len(items), _CHUNK)):
                yield from results
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Results are kept until all are there, so looking through them for garbage finds none; it took a tenth of a long run."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _chunk(start: int) -> list[Any]:
    function, items = _task
    return [function(item) for item in items[start : start + _CHUNK]]
