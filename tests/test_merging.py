"""Problems as a user counts them: one mistake is one problem, wherever it shows."""

from __future__ import annotations

import pytest

from gitops.attribution import TWICE, merged
from gitops.location import Location
from gitops.problems import Problem
from gitops.rules.ids import OTHERS
from gitops.rules.table import BY_ID
from tests.command_line import MINIMAL, gitops, project

PLACE = Location("specs/iris.py", 3, 5)


def problem(rule: str, environment: str = "dev", place: Location | None = PLACE) -> Problem:
    return Problem(rule, f"{rule} is broken", place, environments=(environment,))


def test_the_same_in_several_environments_is_one_with_their_names() -> None:
    found = merged([problem("no-kafka", "dev"), problem("no-kafka", "prod"), problem("no-kafka", "dev")])

    assert [each.environments for each in found] == [("dev", "prod")]


@pytest.mark.parametrize(("rule", "first"), TWICE.items())
def test_what_a_resource_has_told_no_rule_repeats(rule: str, first: str) -> None:
    other = Location("specs/iris.py", 4, 5)

    assert [each.rule for each in merged([problem(rule), problem(first)])] == [first]
    assert len(merged([problem(rule), problem(first, place=other)])) == 2
    assert [each.rule for each in merged([problem(rule)])] == [rule]


def test_rules_and_the_names_that_resources_tell_by_are_there() -> None:
    assert TWICE.keys() <= BY_ID.keys()
    assert set(TWICE.values()) <= OTHERS


def test_what_differs_in_the_namespace_alone_is_told_once(tmp_path) -> None:  # type: ignore[no-untyped-def]
    lonely = MINIMAL["specs/iris.py"].replace("min_replicas=", 'service_account=External("nobody"), min_replicas=')
    files = {
        **MINIMAL,
        "environments/prod/environment.yaml": "namespace: prod\n",
        "specs/iris.py": lonely.replace("import ", "import External, "),
    }
    shown = gitops(project(tmp_path, files), "validate", "--rule", "service-account-exists").stdout

    assert shown.count("[service-account-exists] (dev, prod)") == shown.count("error:") == 1
    assert "in its namespace" in shown
