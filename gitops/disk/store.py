"""Prepared schemas of core kinds, kept in the tool's own folder; losing one costs only time."""

from __future__ import annotations

import contextlib
from pathlib import Path

from gitops.disk.private import NAME, private_folder
from gitops.disk.writing import replace
from gitops.problems import ToolError


class Store:
    """Bytes by name."""

    def __init__(self, project: Path) -> None:
        self.project = project

    def get(self, key: str) -> bytes | None:
        """What was put, if it is still there."""
        try:
            return (self.project / NAME / key).read_bytes()
        except OSError:
            return None

    def put(self, key: str, data: bytes) -> None:
        """Keep it, if the disk lets us."""
        with contextlib.suppress(ToolError):
            replace(private_folder(self.project) / key, data)
