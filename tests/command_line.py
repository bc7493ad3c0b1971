"""The command line as tests use it: on a project's folder, in this process or in one of its own."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

from gitops.__main__ import run
from gitops.disk.private import NAME as PRIVATE

REPOSITORY = Path(__file__).parents[1]

MINIMAL = {
    "pyproject.toml": "[tool.gitops]\n",
    "environments/base/environment.yaml": 'namespace: models\nkubernetes: "1.34"\ncrds:\n  kserve: 0.20.0\n',
    "environments/dev/environment.yaml": "namespace: dev\n",
    "specs/iris.py": """\
from gitops import InferenceService, Model, Values, application


class IrisValues(Values):
    replicas: int = 1


@application
def iris(env, values: IrisValues):
    return [InferenceService(name="iris", model=Model(format="sklearn", storage="gs://models/iris"), min_replicas=values.replicas)]
""",
    "environments/dev/iris.yaml": "replicas: 2\n",
}
"""The files of a small project that renders."""


class Result(NamedTuple):
    """What a command line did."""

    status: int
    stdout: str
    stderr: str


def project(folder: Path, files: dict[str, str | bytes] | dict[str, str], schemas: bool = True) -> Path:
    """Make a project of these files, with this repository's schemas."""
    put(folder, files)
    if schemas:
        (folder / "schemas").symlink_to(REPOSITORY / "schemas")
        shutil.copytree(_prepared(), folder / PRIVATE, dirs_exist_ok=True)
    return folder


def put(folder: Path, files: dict[str, str | bytes] | dict[str, str]) -> None:
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)


def gitops(folder: Path, *arguments: str) -> Result:
    """Run a command line in `folder`, in this process: fast, and as isolated as a process of its own."""
    out, err, before = io.StringIO(), io.StringIO(), Path.cwd()
    _forget_specs()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run(list(arguments))
    finally:
        os.chdir(before)
        _forget_specs()
    return Result(status, out.getvalue(), err.getvalue())


def gitops_process(folder: Path, *arguments: str) -> Result:
    """The same in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "gitops", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return Result(done.returncode, done.stdout, done.stderr)


def tree(folder: Path) -> dict[str, bytes | str]:
    """Every file below a folder with its content, and every symlink with where it leads; the tool's own folder left out."""
    found: dict[str, bytes | str] = {}
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != PRIVATE]
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        for path in (Path(parent) / name for name in (*names, *links)):
            found[path.relative_to(folder).as_posix()] = (
                str(path.readlink()) if path.is_symlink() else path.read_bytes()
            )
    return found


def _forget_specs() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "specs"]:
        del sys.modules[name]


@cache
def _prepared() -> Path:
    """Core schemas as the tool keeps them, so that not every project of a test has to prepare them."""
    folder = Path(mkdtemp(prefix="gitops-tests-"))
    put(folder, MINIMAL)
    (folder / "schemas").symlink_to(REPOSITORY / "schemas")
    gitops(folder, "render")
    private = folder / PRIVATE
    (private / "state").unlink(missing_ok=True)
    return private
