"""What is installed can do what a checkout can: the schemas come along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns
from zipfile import ZipFile

from tests.command_line import REPOSITORY

LEFT = ignore_patterns(".*", "tests", "docs", "benchmarks", "overlays", "build", "*.egg-info", "__pycache__")


def test_the_wheel_holds_every_schema(tmp_path: Path) -> None:
    source = tmp_path / "source"
    copytree(REPOSITORY, source, ignore=LEFT)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "."]
    subprocess.run([*command, "-w", str(tmp_path)], cwd=source, check=True, capture_output=True)

    with ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        bundled = {
            name.removeprefix("gitops/bundled/") for name in wheel.namelist() if name.startswith("gitops/bundled/")
        }

    there = (path for path in (REPOSITORY / "schemas").rglob("*") if path.is_file())
    assert bundled == {path.relative_to(REPOSITORY / "schemas").as_posix() for path in there}
