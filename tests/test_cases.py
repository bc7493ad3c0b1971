"""Whole projects through the command line. Each folder of tests/cases is one promise, named after it:

    project/     a project as users write it; schemas come from this repository unless it has its own
    command      command lines, one a line; `copy FOLDER` lays another folder of the case over the project first, and
                 `git …` runs git, whose commits are always the same
    expected/    overlays/ as they are afterwards, stdout.txt, problems.txt (stderr) and status (one a line)

`pytest tests/test_cases.py --update-cases` writes `expected/` anew: read the diff before committing it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.command_line import Result, gitops, gitops_process, project, put, tree

CASES = Path(__file__).parent / "cases"
IN_A_PROCESS = ("the-smallest-service", "syntax-errors", "specs-that-end-the-process")
"""Cases that run in a process of their own as well."""

names = sorted(folder.name for folder in CASES.iterdir() if folder.is_dir())
every_case = pytest.mark.parametrize("name", names)


def run(case: Path, folder: Path, command_line=gitops) -> dict[str, bytes]:  # type: ignore[no-untyped-def]
    """Everything a case says after `expected/`, as it is now."""
    project(folder, tree(case / "project"), schemas=not (case / "project" / "schemas").exists())  # type: ignore[arg-type]
    results: list[Result] = []
    for line in (case / "command").read_text().splitlines():
        program, *arguments = shlex.split(line)
        if program == "copy":
            put(folder, tree(case / arguments[0]))  # type: ignore[arg-type]
        elif program == "git":
            results.append(git(folder, *arguments))
        else:
            results.append(command_line(folder, *arguments))
    found = {f"overlays/{path}": content for path, content in tree(folder / "overlays").items()}
    found["status"] = "".join(f"{result.status}\n" for result in results)
    found["stdout.txt"] = "".join(result.stdout for result in results)
    found["problems.txt"] = "".join(result.stderr for result in results)
    for name in ("stdout.txt", "problems.txt"):
        found[name] = str(found[name]).replace(str(folder.resolve()), "PROJECT")
    return {
        path: content.encode() if isinstance(content, str) else content for path, content in found.items() if content
    }


def git(folder: Path, *arguments: str) -> Result:
    """Run git in `folder` as nobody in particular, at no time in particular, whatever is set up on this machine."""
    who = {f"GIT_{role}_{what}": "a@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    when = {f"GIT_{role}_DATE": "2026-01-01T00:00:00Z" for role in ("AUTHOR", "COMMITTER")}
    plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-c", "init.defaultBranch=main", "-c", "core.abbrev=7", *arguments]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **who, **when, **plain}, capture_output=True, text=True, check=False
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture(autouse=True)
def _always_the_same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")  # the first day of 2026


@every_case
def test_case(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    case = CASES / name
    found = run(case, tmp_path)
    if request.config.getoption("--update-cases"):
        shutil.rmtree(case / "expected", ignore_errors=True)
        put(case / "expected", found)
    expected = tree(case / "expected")

    assert expected == found


@every_case
def test_no_case_ever_shows_a_traceback_or_a_path_of_this_machine(name: str) -> None:
    for path, content in tree(CASES / name / "expected").items():
        assert b"Traceback" not in content, path  # type: ignore[operator]
        assert str(Path.home()).encode() not in content, path  # type: ignore[operator]
        assert b"/tmp/" not in content, path  # type: ignore[operator]


@pytest.mark.parametrize("name", IN_A_PROCESS)
def test_a_process_of_its_own_does_the_same(name: str, tmp_path: Path) -> None:
    expected = tree(CASES / name / "expected")

    assert expected == run(CASES / name, tmp_path, gitops_process)
