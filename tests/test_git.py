"""What was committed, as git tells it: the right repository and revision, or words that say what to do."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gitops import git
from gitops.problems import ToolError, UsageError

WHO = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Somebody"), ("EMAIL", "somebody@example.com"), ("DATE", "2026-01-01T00:00:00Z"))
}
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    **WHO,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def run(folder: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, check=True, capture_output=True, text=True).stdout


def repository(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    run(folder, "init", "--quiet", "--initial-branch=main")
    return folder


def commit(folder: Path, files: dict[str, bytes]) -> str:
    """Commit these files besides what is there; the commit's name."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    run(folder, "add", "--all")
    run(folder, "commit", "--quiet", "--message=Change something")
    return run(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


def test_files_are_as_they_were_committed_and_nothing_else_is(repo: Path) -> None:
    contents = {"overlays/a": b"", "overlays/b/c d\né": b"1\r\n\0\n", "overlays/b/e": b"blob\n", "other/f": b"f"}
    commit(repo, contents)
    commit(repo, {"overlays/a": b"changed", "overlays/later": b""})
    (repo / "overlays" / "b" / "e").unlink()
    expected = {path: content for path, content in contents.items() if path.startswith("overlays/")}

    assert git.files_at(repo, "HEAD~1", ["overlays"]) == expected
    assert git.files_at(repo, "HEAD~1", ["overlays/b", "other", "missing"]).keys() == {
        "overlays/b/c d\né",
        "overlays/b/e",
        "other/f",
    }
    assert git.files_at(repo, "HEAD~1", ["missing"]) == {}


def test_a_name_that_is_no_text_can_be_shown(repo: Path) -> None:
    commit(repo, {os.fsdecode(b"overlays/\xff"): b"1"})

    assert git.files_at(repo, "HEAD", ["overlays"]) == {"overlays/\\xff": b"1"}


def test_a_project_below_the_top_of_its_repository_has_paths_of_its_own(repo: Path) -> None:
    commit(repo, {"team/project/overlays/a": b"1", "overlays/b": b"2"})

    assert git.files_at(repo / "team" / "project", "HEAD", ["overlays"]) == {"overlays/a": b"1"}
    assert git.files_at(repo / "team" / "project", "HEAD", ["."]) == {"overlays/a": b"1"}


def test_symlinks_and_submodules_are_left_out(repo: Path, tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner")
    name = commit(inner, {"x": b"x"})
    commit(repo, {"overlays/a": b"a"})
    (repo / "overlays" / "link").symlink_to("a")
    run(repo, "update-index", "--add", "--cacheinfo", f"160000,{name},overlays/module")
    run(repo, "add", "overlays/link")
    run(repo, "commit", "--quiet", "--message=More")

    assert run(repo, "ls-tree", "--name-only", "HEAD:overlays").split() == ["a", "link", "module"]
    assert git.files_at(repo, "HEAD", ["overlays"]) == {"overlays/a": b"a"}


def test_the_same_two_processes_read_one_file_or_many(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"overlays/{number}": f"{number % 50}".encode() for number in range(500)}
    commit(repo, files)
    calls: list[str] = []
    start = git._run

    def counted(root: Path, *arguments: str, asked: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        calls.append(arguments[0])
        return start(root, *arguments, asked=asked)

    monkeypatch.setattr(git, "_run", counted)

    assert git.files_at(repo, "HEAD", ["overlays"]) == files
    assert calls == ["ls-tree", "cat-file"]


def test_a_variable_of_a_hook_leads_to_no_other_repository(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repo, {"overlays/a": b"right"})
    other = repository(tmp_path / "other")
    commit(other, {"overlays/a": b"wrong"})
    for name, value in {"DIR": other / ".git", "INDEX_FILE": "nowhere", "WORK_TREE": other, "TRACE": "1"}.items():
        monkeypatch.setenv(f"GIT_{name}", str(value))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git" / "objects"))

    assert git.files_at(repo, "HEAD", ["overlays"]) == {"overlays/a": b"right"}


def test_reading_changes_nothing_in_the_repository(repo: Path) -> None:
    commit(repo, {"overlays/a": b"a"})
    os.utime(repo / "overlays" / "a", (1, 1))  # git would like to refresh its index
    before = {path: path.stat().st_mtime_ns for path in (repo / ".git").rglob("*")}
    git.files_at(repo, git.merge_base(repo, "main"), ["overlays"])

    assert {path: path.stat().st_mtime_ns for path in (repo / ".git").rglob("*")} == before


def test_a_merge_base_is_where_a_branch_left_the_other(repo: Path) -> None:
    first = commit(repo, {"a": b"1"})
    run(repo, "switch", "--quiet", "--create", "work")
    commit(repo, {"a": b"2"})
    run(repo, "switch", "--quiet", "main")
    commit(repo, {"b": b"3"})
    run(repo, "tag", "--annotate", "v1", "--message=v1")
    run(repo, "switch", "--quiet", "work")

    assert git.merge_base(repo, "main") == git.merge_base(repo, "v1") == git.merge_base(repo, first) == first
    assert git.merge_base(repo, "work") == run(repo, "rev-parse", "work").strip()
    assert git.files_at(repo, "v1", ["b"]) == {"b": b"3"}


@pytest.mark.parametrize("revision", ["", "-h", "--output=x", "a\nb", "a\0b"])
@pytest.mark.parametrize("function", [git.merge_base, lambda root, name: git.files_at(root, name, ["."])])
def test_what_can_be_no_revision_never_reaches_git(revision: str, function: object, repo: Path) -> None:
    with pytest.raises(UsageError, match="is not a revision"):
        function(repo, revision)  # type: ignore[operator]


@pytest.mark.parametrize("revision", ["nobody", "HEAD~7", "HEAD..HEAD", "HEAD:overlays", "deadbeef" * 5, ":/no", "é"])
def test_an_unknown_revision_is_a_usage_error(revision: str, repo: Path) -> None:
    commit(repo, {"overlays/a": b"a"})
    for function in (git.merge_base, lambda root, name: git.files_at(root, name, ["."])):
        with pytest.raises(UsageError, match=r"git knows no commit `.*` here; name a commit"):
            function(repo, revision)


def test_a_branch_that_only_the_remote_has_is_suggested(repo: Path, tmp_path: Path) -> None:
    commit(repo, {"a": b"1"})
    run(repo, "branch", "release")
    run(tmp_path, "clone", "--quiet", str(repo), "clone")

    with pytest.raises(UsageError, match="did you mean `origin/release`"):
        git.merge_base(tmp_path / "clone", "release")


def test_without_a_commit_there_is_nothing_to_compare_with(repo: Path) -> None:
    with pytest.raises(UsageError, match="`HEAD` here; commit something first"):
        git.merge_base(repo, "HEAD")


def test_a_shallow_clone_is_told_to_fetch_the_history(repo: Path, tmp_path: Path) -> None:
    commit(repo, {"overlays/a": b"1"})
    old = run(repo, "rev-parse", "HEAD").strip()
    run(repo, "switch", "--quiet", "--create", "work")
    commit(repo, {"overlays/a": b"2"})
    run(repo, "switch", "--quiet", "main")
    commit(repo, {"b": b"3"})
    clone = tmp_path / "clone"
    run(tmp_path, "clone", "--quiet", "--depth=1", "--branch=work", f"file://{repo}", "clone")

    with pytest.raises(UsageError, match=f"no commit `{old}` here; .*`fetch-depth: 0`"):
        git.files_at(clone, old, ["overlays"])
    run(clone, "fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main")
    with pytest.raises(
        UsageError, match=r"`origin/main` and the current commit have no commit in common; .*`fetch-depth"
    ):
        git.merge_base(clone, "origin/main")
    assert git.files_at(clone, "origin/main", ["b"]) == {"b": b"3"}


def test_histories_without_a_common_commit_are_told_so(repo: Path) -> None:
    commit(repo, {"a": b"1"})
    run(repo, "switch", "--quiet", "--orphan", "new")
    commit(repo, {"b": b"1"})

    with pytest.raises(UsageError, match="no commit in common; name a revision"):
        git.merge_base(repo, "main")


def test_files_that_a_partial_clone_lacks_are_not_fetched_one_by_one(repo: Path, tmp_path: Path) -> None:
    commit(repo, {"overlays/a": b"1"})
    run(repo, "config", "uploadpack.allowFilter", "true")
    run(tmp_path, "clone", "--quiet", "--filter=blob:none", "--no-checkout", f"file://{repo}", "clone")
    repo.rename(tmp_path / "moved")  # releases of git that know no GIT_NO_LAZY_FETCH would get it from there

    with pytest.raises(ToolError):
        git.files_at(tmp_path / "clone", "HEAD", ["overlays"])


def test_a_missing_blob_is_told_by_its_cause() -> None:
    with pytest.raises(ToolError, match=r"has not all files of `main`: .*--filter"):
        dict(git._answers(b"aa blob 2\nhi\nbb missing\n", ["aa", "bb"], "main"))


def test_a_folder_outside_of_any_repository_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for function in (git.merge_base, lambda root, name: git.files_at(root, name, ["."])):
        with pytest.raises(UsageError, match="is in no git repository"):
            function(tmp_path, "main")


def test_a_repository_that_git_does_not_trust_is_told_in_its_own_words(repo: Path) -> None:
    commit(repo, {"a": b"1"})
    (repo / ".git" / "config").write_text("[core]\n\trepositoryformatversion = 99\n")

    with pytest.raises(ToolError, match=r"git cannot read `main` in .*version"):
        git.files_at(repo, "main", ["."])


def test_without_git_the_error_says_so(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="git is not installed: install it"):
        git.merge_base(repo, "main")


def test_a_git_that_hangs_is_stopped(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec /bin/sleep 5\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(git, "TIMEOUT", 0.05)
    with pytest.raises(ToolError, match=r"git merge-base took more than 0\.05 s"):
        git.merge_base(repo, "main")
