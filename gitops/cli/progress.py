"""A progress bar on a terminal, for what takes long enough to wonder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")

_LONG = 1.0
"""Seconds after which the bar appears."""


def bar(label: str) -> Callable[[Iterator[T], int], Iterator[T]]:
    """(items, how many) -> the same items, with a bar of this label on a terminal once they take longer than a second."""

    def track(items: Iterator[T], total: int) -> Iterator[T]:
        if sys.stderr.isatty():
            yield from _with_bar(items, total, label)
        else:
            yield from items

    return track


def _with_bar(items: Iterator[T], total: int, label: str) -> Iterator[T]:
    import time

    start, done = time.monotonic(), 0
    for item in items:
        done += 1
        yield item
        if time.monotonic() - start > _LONG:
            break
    if done < total:
        from rich.console import Console
        from rich.progress import track

        yield from track(items, label, total, completed=done, console=Console(stderr=True), transient=True)
