"""Each rule has examples: tests/rules/<rule>/fails*.yaml is told by it, passes*.yaml is not, expected.txt is all that is said of the first.

The first line of an example may be `# gitops validate OPTIONS`. `pytest tests/test_rules.py --update-cases` writes expected.txt
anew: read the diff before committing it. docs/reference/rules/ has a page of each rule, made from its docstring and its examples.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops.rules.base import LABELS, Rule
from gitops.rules.ids import OTHERS
from gitops.rules.table import BY_ID, RULES
from tests.command_line import REPOSITORY, Result, gitops
from tools.rules import rules as spelled_out

EXAMPLES = Path(__file__).parent / "rules"

every_rule = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])


def examples(rule: Rule, kind: str) -> list[Path]:
    return sorted((EXAMPLES / rule.id).glob(f"{kind}*.yaml"))


def validate(example: Path, *arguments: str) -> Result:
    """In the folder of the example, outside of any project, as other repositories do."""
    first = example.read_text(encoding="utf-8").partition("\n")[0]
    options = shlex.split(first.removeprefix("# gitops validate")) if first.startswith("# gitops validate") else []
    return gitops(example.parent, "validate", example.name, *options, *arguments)


def told(example: Path) -> set[str]:
    result = validate(example, "-o", "json")
    return {problem["rule"] for problem in json.loads(result.stdout)["problems"]}


@every_rule
def test_failing_examples_are_told_in_words(rule: Rule, request: pytest.FixtureRequest) -> None:
    assert examples(rule, "fails"), f"tests/rules/{rule.id}/fails.yaml is missing"
    found = "".join(validate(each).stdout for each in examples(rule, "fails"))
    expected = EXAMPLES / rule.id / "expected.txt"
    if request.config.getoption("--update-cases"):
        expected.write_text(found, encoding="utf-8")

    assert found == expected.read_text(encoding="utf-8")


@every_rule
def test_every_failing_example_breaks_the_rule(rule: Rule) -> None:
    for example in examples(rule, "fails"):
        assert rule.id in told(example), example.name


@every_rule
def test_no_passing_example_breaks_it(rule: Rule) -> None:
    assert examples(rule, "passes"), f"tests/rules/{rule.id}/passes.yaml is missing"
    for example in examples(rule, "passes"):
        assert rule.id not in told(example), example.name


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
