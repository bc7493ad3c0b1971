"""Problems that an environment accepts, with a reason and perhaps until a day."""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase

from gitops.environments import Policies, Suppression
from gitops.problems import Problem


def suppressed(problem: Problem, application: str, policies: Policies, today: date | None) -> bool:
    """Whether a suppression that has not run out accepts a problem; without `today`, none has."""
    return any(
        covers(each, problem, application) and (today is None or each.until is None or today <= each.until)
        for each in policies.suppress
    )


def covers(suppression: Suppression, problem: Problem, application: str) -> bool:
    """Whether a suppression is about a problem, run out or not."""
    return (
        suppression.rule == problem.rule
        and fnmatchcase(application, suppression.application)
        and any(fnmatchcase(name, suppression.object) for name in _names(problem.object))
    )


def _names(name: str) -> tuple[str, ...]:
    """`InferenceService.serving.kserve.io/mnist`, and as people write it, `InferenceService/mnist`."""
    kind, slash, rest = name.partition("/")
    return name, f"{kind.partition('.')[0]}{slash}{rest}"
