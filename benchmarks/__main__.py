"""python -m benchmarks [--apps 10,100,1000,5000] [--peers] [--validation] [--quick] [--write docs/performance.md]

Measures whole processes and prints Markdown tables. Progress goes to stderr. Nothing is written unless --write names a page:
what stands there between the two `<!-- measured -->` lines is replaced. With --validation it is `gitops validate` and kubeconform
that are measured, and what stands between the two `<!-- validation -->` lines.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import compare
from benchmarks.findings import finds
from benchmarks.measure import Failed, Results
from benchmarks.report import Everything, Validation, markdown, validation
from benchmarks.scenarios import Project, cold, imported, startup, tool
from benchmarks.validation import shares, times

MARK = "<!-- measured -->\n"
VALIDATION = "<!-- validation -->\n"


def main() -> None:
    options = _options()
    before = os.getloadavg()[0]
    memory = Path("/dev/shm")
    scratch = Path(tempfile.mkdtemp(prefix="gitops-bench-", dir=memory if memory.is_dir() else None))
    try:
        command = "python -m benchmarks " + " ".join(_shown(options))
        if options.validation:
            page, mark = validation(_validation(options, scratch, before), command), VALIDATION
        else:
            page, mark = markdown(_measure(options, scratch, before), command), MARK
    except Failed as error:
        sys.exit(f"benchmarks: {error}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(page)
    if options.write:
        _replace(options.write, page, mark)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="How fast the tool is, beside floors and peers."
    )
    parser.add_argument("--apps", default="", help="how many applications; by default 10,100,1000,5000")
    parser.add_argument("--peers", action="store_true", help="install and measure other tools as well, and kustomize")
    parser.add_argument("--validation", action="store_true", help="measure `gitops validate`, beside kubeconform")
    parser.add_argument("--quick", action="store_true", help="one run of each; by default of 10 and 100 applications")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the tables into this page")
    options = parser.parse_args()
    usual = "10,100" if options.quick else "100,1000" if options.validation else "10,100,1000,5000"
    options.numbers = [int(number) for number in (options.apps or usual).split(",")]
    return options


def _shown(options: argparse.Namespace) -> list[str]:
    flags = [f"--{name}" for name in ("peers", "validation", "quick") if getattr(options, name)]
    apps = [f"--apps {options.apps}"] if options.apps else []
    return [*apps, *flags, *([f"--write {options.write}"] if options.write else [])]


def _measure(options: argparse.Namespace, scratch: Path, before: float) -> Everything:
    missing = compare.install() if options.peers else {}
    rounds = 1 if options.quick else 5
    sizes, tools, disk, others = {}, {}, {}, {}
    loaded: dict[str, set[str]] = {}
    _say("start-up")
    first = startup(scratch, 1 if options.quick else 11)
    for number in options.numbers:
        _say(f"{number:,} applications")
        project = Project(scratch, number)
        sizes[number] = project.files, project.bytes
        tools[number] = tool(project, rounds if number <= 1000 else min(3, rounds))
        if not loaded:
            loaded = {each: imported(project.rendered, each) for each in ("--help", "--version", "render")}
        if options.peers and number <= 1000:
            _say(f"peers, {number:,} applications")
            others[number] = [
                *compare.peers(project, number, min(rounds, 3), missing),
                *compare.kustomize(project, number, 10 if options.quick else 60),
            ]
        shutil.rmtree(project.scratch)
        if number == max((each for each in options.numbers if each <= 1000), default=0):
            disk[number] = _on_disk(number, min(rounds, 3))
    return Everything(first, sizes, tools, disk, others, loaded, (before, os.getloadavg()[0]))


def _validation(options: argparse.Namespace, scratch: Path, before: float) -> Validation:
    measured = {}
    for number in options.numbers:
        _say(f"validation, {number:,} applications")
        project = Project(scratch, number)
        measured[number] = times(project, 1 if options.quick else 5)
        part = shares(project)
        shutil.rmtree(project.scratch)
    _say("what is found")
    return Validation(measured, part, finds(scratch), (before, os.getloadavg()[0]))


def _on_disk(number: int, rounds: int) -> Results:
    """In fresh folders on the ordinary disk: deleting files first would make the file system slow, and so the figures wrong."""
    _say(f"{number:,} applications on disk")
    compare.TOOLS.mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="bench-", dir=compare.TOOLS))
    try:
        return cold(Project(scratch, number), rounds)
    finally:
        shutil.rmtree(scratch)


def _replace(path: Path, page: str, mark: str) -> None:
    head, begin, rest = path.read_text().partition(mark)
    _, end, tail = rest.partition(mark)
    if not (begin and end):
        sys.exit(f"benchmarks: {path} has no two lines {mark.strip()}")
    path.write_text(f"{head}{mark}\n{page}\n{mark}{tail}")


def _say(what: str) -> None:
    print(f"benchmarks: {what} …", file=sys.stderr)


if __name__ == "__main__":
    main()
