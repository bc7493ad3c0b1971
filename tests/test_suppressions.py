"""What an environment accepts, and that its policies cannot rot in silence."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gitops.cli.context import today
from gitops.environments import Policies, Suppression
from gitops.problems import Problem, UsageError
from gitops.rules.suppressions import idle, suppressed, unknown_rules
from tests.command_line import MINIMAL, gitops, project

DAY = date(2026, 1, 1)
PROBLEM = Problem("floating-image", "…", object="InferenceService.serving.kserve.io/mnist")


def suppression(**changes: str) -> Suppression:
    return Suppression.model_validate({"rule": "floating-image", "reason": "It is meant.", **changes})


@pytest.mark.parametrize(
    ("changes", "accepted"),
    [
        ({}, True),
        ({"rule": "single-replica"}, False),
        ({"object": "InferenceService/mnist"}, True),
        ({"object": "InferenceService.serving.kserve.io/mnist"}, True),
        ({"object": "InferenceService/*"}, True),
        ({"object": "inferenceservice/mnist"}, False),
        ({"object": "InferenceService/mnis?"}, True),
        ({"object": "mnist"}, False),
        ({"application": "digits"}, True),
        ({"application": "dig*"}, True),
        ({"application": "iris"}, False),
        ({"application": "iris", "object": "*"}, False),
        ({"until": "2026-01-01"}, True),
        ({"until": "2025-12-31"}, False),
    ],
)
def test_a_suppression_accepts_what_all_of_it_fits(changes: dict[str, str], accepted: bool) -> None:
    policies = Policies(suppress=(suppression(**changes),))

    assert (suppressed(PROBLEM, "digits", policies, DAY) == 0) is accepted


def test_without_a_day_nothing_has_run_out() -> None:
    assert suppressed(PROBLEM, "digits", Policies(suppress=(suppression(until="2000-01-01"),)), None) == 0


def test_what_is_idle_is_told() -> None:
    policies = Policies(suppress=(suppression(), suppression(until="2026-01-01"), suppression(until="2025-12-31")))

    assert [(fault.rule, fault.pointer[2]) for fault in idle(policies, {0}, DAY)] == [
        ("suppression-unused", 1),
        ("suppression-expired", 2),
    ]


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_reason_is_asked_for(reason: str) -> None:
    with pytest.raises(ValueError, match="reason"):
        suppression(reason=reason)


@pytest.mark.parametrize(
    ("policies", "rules"),
    [
        ({"severity": {"floating-image": "off"}}, []),
        ({"severity": {"floating-imag": "off"}}, ["unknown-rule"]),
        ({"severity": {"no-schema": "off"}}, ["not-allowed"]),
        ({"severity": {"yaml-syntax": "warning"}}, ["not-allowed"]),
        ({"suppress": [{"rule": "no-schema", "reason": "Ours."}]}, []),
        ({"suppress": [{"rule": "nothing", "reason": "None."}]}, ["unknown-rule"]),
    ],
)
def test_a_policy_is_about_something_that_it_can_change(policies: dict[str, object], rules: list[str]) -> None:
    assert [fault.rule for fault in unknown_rules(Policies.model_validate(policies))] == rules


def test_the_day_is_the_one_that_a_build_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225599")
    assert today() == date(2025, 12, 31)

    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert abs((today() - date.today()).days) <= 1


@pytest.mark.parametrize("stated", ["soon", "1e400", "9" * 30])
def test_what_states_no_day_is_wrong_usage(stated: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", stated)
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        today()

    assert gitops(project(tmp_path, MINIMAL), "validate").status == 2


def test_what_is_unused_is_not_known_while_a_spec_is_broken(tmp_path: Path) -> None:
    base = MINIMAL["environments/base/environment.yaml"]
    policies = "policies:\n  suppress:\n  - {rule: floating-image, reason: It is meant.}\n"
    folder = project(tmp_path, {**MINIMAL, "environments/base/environment.yaml": base + policies})
    assert "[suppression-unused]" in gitops(folder, "validate").stdout

    (folder / "specs/iris.py").write_text("from gitops import nothing\n")
    shown = gitops(folder, "validate").stdout
    assert "[spec-import]" in shown
    assert "[suppression-unused]" not in shown
