"""Problems that an environment accepts, with a reason and perhaps until a day; and whether its policies are in order themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from fnmatch import fnmatchcase

from gitops.environments import Policies, Suppression
from gitops.faults import Fault, Path
from gitops.problems import Problem, nearest
from gitops.rules.ids import OTHERS, every_id


def suppressed(problem: Problem, application: str, policies: Policies, today: date | None) -> int | None:
    """The index of a suppression that accepts a problem and has not run out, or None; without `today`, none has."""
    for index, each in enumerate(policies.suppress):
        if covers(each, problem, application) and (today is None or each.until is None or today <= each.until):
            return index
    return None


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


def unknown_rules(policies: Policies) -> Iterator[Fault]:
    """A fault for each name in the policies that no rule has, or whose level is fixed; pointers lead into the environment."""
    for name in policies.severity.keys() & OTHERS:
        yield Fault(
            "not-allowed",
            ("policies", "severity", name),
            f"the level of `{name}` is fixed",
            why="it is about files, types or schemas: the object could not be made, or the API server refuses it.",
            hint=f"accept single objects under `suppress`, with `rule: {name}` and a reason",
        )
    named: list[tuple[Path, str]] = [(("policies", "severity", name), name) for name in policies.severity]
    named += [(("policies", "suppress", index, "rule"), each.rule) for index, each in enumerate(policies.suppress)]
    known = every_id() if named else frozenset()
    for path, name in named:
        if name not in known:
            yield Fault(
                "unknown-rule",
                path,
                f"there is no rule `{name}`",
                found=name,
                why="a policy about nothing would do nothing, in silence.",
                hint=f"did you mean `{near}`?"
                if (near := nearest(name, sorted(known)))
                else "every problem names its own in brackets",
            )


def idle(policies: Policies, used: Collection[int], today: date) -> Iterator[Fault]:
    """A warning for each suppression that has run out, or is not among the `used`, which accepted a problem."""
    for index, each in enumerate(policies.suppress):
        place = ("policies", "suppress", index)
        if each.until is not None and today > each.until:
            yield Fault(
                "suppression-expired",
                (*place, "until"),
                f"the suppression of `{each.rule}` has run out",
                found=str(each.until),
                why=f"it was accepted until then because: {each.reason}",
                hint="mend what it is about, or decide anew and give another day",
                severity="warning",
            )
        elif index not in used:
            yield Fault(
                "suppression-unused",
                place,
                f"the suppression of `{each.rule}` accepts nothing",
                why="it would hide the next such problem, which nobody has looked at.",
                hint="remove it",
                severity="warning",
            )
