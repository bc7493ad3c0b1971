"""Whole processes, measured from outside: medians of runs that take turns, so that a slow moment hits all alike."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

HERE = Path(__file__).resolve().parent


class Failed(Exception):
    """A command ended with an error; the message is its last words."""


class Run(NamedTuple):
    """One run: wall time, and the largest process of it."""

    seconds: float
    mebibytes: float


class Case(NamedTuple):
    """Something to measure. `prepare` makes the folder to run in, and is not timed; `clean` comes after."""

    name: str
    command: Callable[[Path], Sequence[str | Path]]
    prepare: Callable[[], Path]
    clean: Callable[[Path], None] = lambda folder: None


Results = dict[str, Run]
"""Case -> its median time and its highest peak."""


def once(command: Sequence[str | Path], folder: Path) -> Run:
    """Run a command in a folder. Raises Failed."""
    with tempfile.NamedTemporaryFile("r") as report:
        arguments = [sys.executable, "-I", "-S", HERE / "watch.py", report.name, *command]
        done = subprocess.run(list(map(str, arguments)), cwd=folder, capture_output=True, text=True, env=_environment())
        if done.returncode:
            raise Failed(f"{Path(command[0]).name}: {_last_words(done.stderr or done.stdout)}")
        seconds, kibibytes = report.read().split()
    return Run(float(seconds), int(kibibytes) / 1024)


def _last_words(text: str) -> str:
    return " ".join(text.strip().splitlines()[-1:]).strip()[-300:]


def interleaved(cases: Sequence[Case], rounds: int) -> Results:
    """Every case once a round. Raises Failed."""
    runs: dict[str, list[Run]] = {case.name: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            folder = case.prepare()
            runs[case.name].append(once(case.command(folder), folder))
            case.clean(folder)
    return {name: middle(each) for name, each in runs.items()}


def middle(runs: Sequence[Run]) -> Run:
    """The median time, and the highest peak."""
    return Run(median(run.seconds for run in runs), max(run.mebibytes for run in runs))


def _environment() -> dict[str, str]:
    """The variables of this process, without those that would make Python behave unlike a user's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
