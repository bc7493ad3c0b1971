"""The tool at N applications, beside its floors."""

from __future__ import annotations

import marshal
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from benchmarks.generate import generate
from benchmarks.measure import HERE, Case, Results, interleaved, once

GITOPS = Path(sys.executable).with_name("gitops")
FLOORS = HERE / "floors.py"


class Project:
    """A generated project, rendered and at rest, from which each cold run gets a copy of its own."""

    def __init__(self, scratch: Path, applications: int) -> None:
        self.scratch = scratch / f"n{applications}"
        self.scratch.mkdir(parents=True)
        self.pristine, self.rendered, self.tree = (self.scratch / name for name in ("pristine", "rendered", "tree"))
        generate(self.pristine, applications)
        self.numbers = count()
        self.fresh().rename(self.rendered)
        self.settle()
        self.settle()
        files = sorted(path for path in (self.rendered / "overlays").rglob("*") if path.is_file())
        self.tree.write_bytes(
            marshal.dumps([(str(path.relative_to(self.rendered)), path.read_bytes()) for path in files])
        )
        self.files, self.bytes = len(files), sum(path.stat().st_size for path in files)

    def fresh(self) -> Path:
        """A copy without overlays and without cache."""
        return shutil.copytree(self.pristine, self.empty() / "project", symlinks=True)

    def empty(self) -> Path:
        """A new folder."""
        folder = self.scratch / f"run{next(self.numbers)}"
        folder.mkdir()
        return folder

    def settle(self) -> None:
        """Render until the cache trusts the inputs, which it does not while they are younger than a tick of the clock."""
        time.sleep(0.03)
        once([GITOPS, "render"], self.rendered)

    def without_cache(self) -> Path:
        """The rendered project, its cache gone."""
        shutil.rmtree(self.rendered / ".gitops_cache")
        return self.rendered

    def with_a_change(self) -> Path:
        """The rendered project after an edit of one application's values in one environment."""
        file = self._edited()
        lines = (
            "max_replicas: 77" if line.startswith("max_replicas") else line for line in file.read_text().splitlines()
        )
        file.write_text("\n".join(lines) + "\n")
        return self.rendered

    def undo(self) -> None:
        """Take that edit back."""
        edited = self._edited()
        shutil.copyfile(self.pristine / edited.relative_to(self.rendered), edited)
        self.settle()
        self.settle()

    def _edited(self) -> Path:
        return next(iter(sorted((self.rendered / "environments" / "staging").glob("classifier-*.yaml"))))


def render(_: Path) -> list[str | Path]:
    """The command that is all this is about."""
    return [GITOPS, "render"]


def floor(name: str, project: Project) -> Callable[[Path], list[str | Path]]:
    """The command of a floor; it works in the folder that it is given."""
    return lambda folder: [sys.executable, FLOORS, name, project.tree, folder]


def python(*arguments: str) -> Callable[[Path], list[str | Path]]:
    """A command of the same interpreter."""
    return lambda _: [sys.executable, *arguments]


def startup(scratch: Path, rounds: int) -> Results:
    """What does not depend on the project."""
    return interleaved(
        [
            Case("bare python", python("-c", "pass"), lambda: scratch),
            Case("--help", lambda _: [GITOPS, "--help"], lambda: scratch),
            Case("--version", lambda _: [GITOPS, "--version"], lambda: scratch),
        ],
        rounds,
    )


def tool(project: Project, rounds: int) -> Results:
    """Every scenario of `gitops render`, and the floors."""

    def here() -> Path:
        return project.rendered

    def settle(_: Path) -> None:
        project.settle()

    return interleaved(
        [
            Case("bare python", python("-c", "pass"), here),
            Case("floor: write", floor("write", project), project.empty, shutil.rmtree),
            Case("cold", render, project.fresh, lambda folder: shutil.rmtree(folder.parent)),
            Case("floor: stat", floor("stat", project), here),
            Case("floor: compare", floor("compare", project), here),
            Case("no-op, cached", render, here),
            Case("no-op, no cache", render, project.without_cache, settle),
            Case("one changed", render, project.with_a_change, lambda _: project.undo()),
        ],
        rounds,
    )


def cold(project: Project, rounds: int) -> Results:
    """Only the cold run and its floor, as on the ordinary disk."""
    return interleaved(
        [
            Case("floor: write", floor("write", project), project.empty),
            Case("cold", render, project.fresh),
        ],
        rounds,
    )


def imported(folder: Path, *arguments: str) -> set[str]:
    """The top-level packages that a command of the tool loads."""
    command = [sys.executable, "-X", "importtime", GITOPS, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return {
        line.rpartition("|")[2].strip().partition(".")[0]
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    }
