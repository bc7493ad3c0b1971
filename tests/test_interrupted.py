"""`kill -9` at any moment of a render, then another render: the tree is as if nothing had happened."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitops.disk.writing import TEMPORARY
from gitops.ownership import owned
from tests.command_line import MINIMAL, PRIVATE, REPOSITORY, gitops, project, put, tree

SPEC = """\
from gitops import Manifest, application


@application
def app(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name={name!r}, fields={{"data": {{"environment": env.name + {suffix!r}}}}})]
"""


def applications(number: int, suffix: str = "") -> dict[str, str]:
    return {f"specs/app_{index}.py": SPEC.format(name=f"app-{index}", suffix=suffix) for index in range(number)}


def large(folder: Path, number: int) -> Path:
    files = {path: text for path, text in MINIMAL.items() if "iris" not in path}
    return project(folder, files | applications(number))


def start(folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-m", "gitops", "render"], cwd=folder, env=environment, stdout=quiet, stderr=quiet
    )


def kill(render: subprocess.Popen[bytes]) -> bool:
    """End a render as a power failure would; whether it was still at work."""
    render.send_signal(signal.SIGKILL)
    return render.wait() == -signal.SIGKILL


def kill_when(folder: Path, staged: int = 0, placed: int = 0) -> bool:
    """Kill a render once so many folders are staged, or in their places; whether it was still at work."""
    render = start(folder)
    while render.poll() is None:
        counts = entries(folder / "overlays")
        if counts["staged"] > staged and counts["placed"] >= placed:
            return kill(render)
        time.sleep(0.001)
    return False


def kill_once_changed(folder: Path, file: str) -> None:
    """Kill a render as soon as a file is another, which is while the rest are moved."""
    place = folder / "overlays" / file
    before = place.stat()
    render = start(folder)
    while render.poll() is None:
        with contextlib.suppress(FileNotFoundError):
            if place.stat()[:] != before[:] or place.stat().st_ino != before.st_ino:
                break
    kill(render)


def kill_after(folder: Path, seconds: float) -> None:
    render = start(folder)
    time.sleep(seconds)
    kill(render)


def entries(overlays: Path) -> dict[str, int]:
    """How many entries staging folders and the folder of bases have."""
    names = os.listdir(overlays) if overlays.is_dir() else []
    found = {"staged": 0, "placed": 0}
    for name in names:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # gone meanwhile
            kind = "staged" if TEMPORARY.fullmatch(name) else "placed" if name == "base" else ""
            if kind:
                found[kind] += len(os.listdir(overlays / name))
    return found


def leftovers(folder: Path) -> list[str]:
    names = [name for _, folders, files in os.walk(folder) for name in (*folders, *files)]
    return [name for name in names if TEMPORARY.fullmatch(name)]


def whole(folder: Path) -> bool:
    """Whether every rendered file is complete: ours by its first line, and with the line break at its end."""
    files = [
        content for path, content in tree(folder / "overlays").items() if not TEMPORARY.match(path.partition("/")[0])
    ]
    return all(isinstance(content, bytes) and owned(content) and content.endswith(b"\n") for content in files)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes | str]:
    folder = large(tmp_path_factory.mktemp("undisturbed"), 1000)
    assert gitops(folder, "render").status == 0
    return tree(folder / "overlays")


def test_a_thousand_applications_survive_kills_at_any_moment(
    undisturbed: dict[str, bytes | str], tmp_path: Path
) -> None:
    folder = large(tmp_path, 1000)
    assert kill_when(folder)
    assert kill_when(folder, staged=900)
    attempts = 0
    while not kill_when(
        folder, placed=300
    ):  # folders move into place within milliseconds, and a busy machine may miss that
        shutil.rmtree(folder / "overlays")
        attempts += 1
        assert attempts < 5
    assert leftovers(folder) != []
    assert 300 <= entries(folder / "overlays")["placed"] <= 1000
    assert whole(folder)

    assert gitops(folder, "render").status == 0
    assert tree(folder / "overlays") == undisturbed
    assert leftovers(folder) == []
    assert gitops(folder, "render", "--check").status == 0


def test_kills_at_random_moments_of_a_change_leave_each_file_old_or_new(tmp_path: Path) -> None:
    number, long = 30, 200_000  # characters: so that a file written in place would be caught half
    folder = large(tmp_path, number)
    assert gitops(folder, "render").status == 0
    old = tree(folder / "overlays")
    put(folder, applications(number, suffix="-new" * (long // 4)))
    clean = large(tmp_path / "clean", number)
    put(clean, applications(number, suffix="-new" * (long // 4)))
    assert gitops(clean, "render").status == 0
    new = tree(clean / "overlays")

    for kind in ("at once", "once changed") * 5:
        left = [path for path, content in tree(folder / "overlays").items() if path in old and content != new[path]]
        if kind == "once changed" and left:
            kill_once_changed(folder, min(left, key=lambda path: (path.endswith("kustomization.yaml"), path)))
        else:
            kill_after(folder, random.uniform(0.05, 0.3))
        for path, content in tree(folder / "overlays").items():
            assert content in (old.get(path), new.get(path)) or TEMPORARY.match(path), path

    assert gitops(folder, "render").status == 0
    assert tree(folder / "overlays") == new
    assert leftovers(folder) == []


def states(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Inode and times of every file and folder below."""
    found = {}
    for parent, folders, names in os.walk(folder):
        for name in (*folders, *names):
            status = (Path(parent) / name).lstat()
            found[f"{parent}/{name}"] = (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
    return found


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = project(tmp_path, MINIMAL | applications(5))
    assert gitops(folder, "render").status == 0
    return folder


def test_a_render_touches_only_what_is_stale(small: Path) -> None:
    before = states(small / "overlays")
    put(small, {"environments/dev/iris.yaml": "replicas: 5\n"})
    assert gitops(small, "render").status == 0
    after = states(small / "overlays")

    touched = {path.removeprefix(f"{small}/overlays/") for path in before if before[path] != after[path]}
    assert touched == {"dev/iris", "dev/iris/kustomization.yaml"}


def test_a_render_without_a_change_touches_nothing(small: Path) -> None:
    before = states(small / "overlays")
    assert gitops(small, "render").status == 0

    assert states(small / "overlays") == before


def test_a_check_writes_nothing_at_all(small: Path) -> None:
    put(small, {"environments/dev/iris.yaml": "replicas: 5\n"})
    before = states(small)
    result = gitops(small, "render", "--check")

    assert result.status == 1
    assert result.stdout == "overlays/dev/iris/kustomization.yaml (stale)\n"
    assert states(small) == before


def test_a_render_after_a_lost_memory_touches_nothing_either(small: Path) -> None:
    before = states(small / "overlays")
    (small / PRIVATE / "state").unlink()
    assert gitops(small, "render").status == 0

    assert states(small / "overlays") == before
