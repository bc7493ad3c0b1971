"""Running kustomize: found where it is, read as its own readers do, and quoted when it fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitops import kustomize
from gitops.problems import ToolError


def program(folder: Path, script: str) -> Path:
    """A stand-in for kustomize."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "kustomize"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def printing(folder: Path, text: str) -> Path:
    (folder / "output").write_text(text, encoding="utf-8")
    return program(folder, f"cat {folder}/output")


def test_it_is_found_on_path_before_the_projects_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.fspath(tmp_path / "bin"))
    assert kustomize.find(tmp_path) is None
    own = program(tmp_path / ".tools" / "bin", "")
    assert kustomize.find(tmp_path) == own
    assert kustomize.find() is None
    on_path = program(tmp_path / "bin", "")
    assert kustomize.find(tmp_path) == kustomize.find() == on_path


def test_a_build_without_kustomize_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    with pytest.raises(ToolError, match=r"kustomize is not installed: .*make tools"):
        kustomize.build(tmp_path)


def test_a_failure_is_told_in_kustomizes_own_words(tmp_path: Path) -> None:
    failing = program(tmp_path, "echo 'Error: no such target' >&2; exit 3")
    with pytest.raises(ToolError, match=r"build .* failed with exit status 3: no such target$"):
        kustomize.build(tmp_path, failing)


def test_a_program_that_cannot_be_run_is_a_tool_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"cannot run .*No such file"):
        kustomize.version(tmp_path / "missing")


def test_one_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kustomize, "TIMEOUT", 0.05)
    with pytest.raises(ToolError, match=r"took more than 0\.05 s"):
        kustomize.version(program(tmp_path, "exec sleep 5"))


def test_output_that_is_not_yaml_is_a_tool_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="wrote what is not YAML"):
        kustomize.build(tmp_path, printing(tmp_path, "a: [b\n"))


def test_the_version_is_the_programs_own_word(tmp_path: Path) -> None:
    assert kustomize.version(program(tmp_path, "echo v5.8.1")) == "v5.8.1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a: 1\n---\nb: on\n", [{"a": 1}, {"b": "on"}]),
        ("a: |+\n  x\n\n---\nb: |\n  ---\n  y\n", [{"a": "x\n\n"}, {"b": "---\ny\n"}]),
        ("a: 123e456\nb: -1e400\nc: [1e999]\nd: 1e3\n", [{"a": "123e456", "b": "-1e400", "c": ["1e999"], "d": 1000.0}]),
        ('a: "1e400"\nb: |\n  c: 1e400\n', [{"a": "1e400", "b": "c: 1e400\n"}]),
        (f"a: {'9' * 310}\n", [{"a": "9" * 310}]),
    ],
)
def test_output_is_read_as_go_reads_it(text: str, expected: list[object], tmp_path: Path) -> None:
    assert kustomize.build(tmp_path, printing(tmp_path, text)) == expected
