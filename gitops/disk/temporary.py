"""A folder that is gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from gitops.disk.refusals import refusal


@contextmanager
def laid_out(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A temporary folder with these files, by their paths in it; nobody else can look into it. Raises ToolError."""
    with TemporaryDirectory(prefix="gitops-") as name:
        root = Path(name)
        for path, content in files.items():
            file = root / path
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            except OSError as error:
                raise refusal("write", file, error) from error
        yield root
