"""The verdict of `gitops validate` on the collection of real mistakes (../shared/cases/invalid) is that of its index.

tests/lab/corrections.csv has the rows where a real API server says otherwise, with what it says.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from gitops.rules.table import BY_ID
from tests.command_line import REPOSITORY, gitops

CASES = REPOSITORY.parent / "shared/cases"
CORRECTIONS = REPOSITORY / "tests/lab/corrections.csv"
REFUSED = {"reject", "reject-on-update"}
NOT_ADMISSION = {"left-empty", "unquoted-amount"}
"""Rules of no table that are no verdict of the API server."""


def rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


INDEX = rows(CASES / "INDEX-invalid.csv")
CORRECTED = {row["file"]: row["verdict"] for row in rows(CORRECTIONS)}


def refusals(file: str) -> set[str]:
    """Rules by which the API server or its webhooks would refuse something in a file."""
    problems = json.loads(gitops(CASES, "validate", file, "-o", "json").stdout)["problems"]
    return {
        problem["rule"]
        for problem in problems
        if problem["severity"] == "error"
        and problem["rule"] not in NOT_ADMISSION
        and (problem["rule"] not in BY_ID or BY_ID[problem["rule"]].layer == "admission")
    }


@pytest.mark.skipif(not INDEX, reason="the collection of real mistakes (../shared/cases) is not here")
def test_every_real_mistake_gets_the_verdict_of_the_index() -> None:
    verdicts = {row["file"]: CORRECTED.get(row["file"], row["verdict"]) in REFUSED for row in INDEX}
    found = {file: bool(refusals(file)) for file in verdicts}

    assert {file for file in verdicts if verdicts[file] != found[file]} == set()


@pytest.mark.skipif(not INDEX, reason="the collection of real mistakes (../shared/cases) is not here")
def test_every_correction_is_of_a_row_that_says_otherwise() -> None:
    wrong = {row["file"]: row["verdict"] in REFUSED for row in INDEX}

    assert {file for file, verdict in CORRECTED.items() if wrong.get(file) == (verdict in REFUSED)} == set()
