"""Each rule has examples: tests/rules/<rule>/fails*.yaml is told by it, passes*.yaml is not, expected.txt is all that is said of the first.

The first line of an example may be `# gitops validate OPTIONS`. `pytest tests/test_rules.py --update-cases` writes expected.txt
anew: read the diff before committing it. docs/reference/rules/ has a page of each rule, made from its docstring and its examples.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops.rules.base import LABELS, Rule
from gitops.rules.ids import OTHERS
from gitops.rules.table import BY_ID, RULES
from tests.command_line import REPOSITORY, gitops
from tools.rules import rules as spelled_out

EXAMPLES = Path(__file__).parent / "rules"
TOLD = re.compile(r"^[^ ].*: (?:error|warning): .* \[([a-z0-9-]+)\]$", re.MULTILINE)

every_rule = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])


def examples(rule: Rule, kind: str) -> list[Path]:
    return sorted((EXAMPLES / rule.id).glob(f"{kind}*.yaml"))


def said(example: Path) -> str:
    """In the folder of the example, outside of any project, as other repositories do."""
    first = example.read_text(encoding="utf-8").partition("\n")[0]
    options = shlex.split(first.removeprefix("# gitops validate")) if first.startswith("# gitops validate") else []
    return gitops(example.parent, "validate", example.name, *options).stdout


@every_rule
def test_a_rule_tells_what_breaks_it_in_words_and_nothing_else(rule: Rule, request: pytest.FixtureRequest) -> None:
    fails, passes = examples(rule, "fails"), examples(rule, "passes")
    assert fails, f"tests/rules/{rule.id}/fails.yaml is missing"
    assert passes, f"tests/rules/{rule.id}/passes.yaml is missing"
    told = {path: said(path) for path in [*fails, *passes]}
    expected = EXAMPLES / rule.id / "expected.txt"
    if request.config.getoption("--update-cases"):
        expected.write_text("".join(told[path] for path in fails), encoding="utf-8")

    assert "".join(told[path] for path in fails) == expected.read_text(encoding="utf-8")
    assert [path.name for path in fails if rule.id not in TOLD.findall(told[path])] == []
    assert [path.name for path in passes if rule.id in TOLD.findall(told[path])] == []


@every_rule
def test_its_page_says_why_and_what_to_do(rule: Rule) -> None:
    assert rule.summary
    assert set(rule.told) == set(LABELS)


def test_each_rule_is_there_once() -> None:
    assert len(BY_ID) == len(RULES)


def test_every_folder_of_examples_is_of_a_rule() -> None:
    assert {folder.name for folder in EXAMPLES.iterdir() if folder.is_dir() and folder.name[0] not in "._"} <= set(
        BY_ID
    )


def test_a_judge_yields_its_own_rule_only() -> None:
    """Every rule that the code spells out is in the table or among the others, and the other way round."""
    found = set(spelled_out(REPOSITORY / "gitops"))

    assert found - set(BY_ID) == OTHERS


def test_no_example_is_empty() -> None:
    def empty() -> Iterator[Path]:
        yield from (each for each in EXAMPLES.rglob("*.yaml") if "kind:" not in each.read_text(encoding="utf-8"))

    assert [each for each in empty() if "environment" not in each.name] == []
