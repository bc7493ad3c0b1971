"""The lab is for `make lab`: it takes a minute to start, so `make test` passes it by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.cluster import running
from tests.lab.verdicts import Judge

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Collect the lab's tests only where the command line names them or this folder."""
    named = [Path(argument.split("::")[0]).resolve() for argument in config.args]
    return None if any(path == HERE or path.parent == HERE for path in named) else True


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """One API server for all tests of the lab."""
    with running() as found:
        yield found
