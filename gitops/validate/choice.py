"""Which problems somebody wants to hear of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gitops.problems import Problem, UsageError, nearest
from gitops.rules.ids import every_id


class Choice(NamedTuple):
    """Problems of these environments, of these rules but not of those. Empty means all."""

    environments: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def takes(self, problem: Problem) -> bool:
        """Whether a problem is wanted; of several environments, one is enough."""
        elsewhere = {*self.environments}.isdisjoint(problem.environments) if problem.environments else False
        return (
            not (self.environments and elsewhere)
            and (not self.only or problem.rule in self.only)
            and problem.rule not in self.skip
        )


def known_rules(names: Iterable[str]) -> tuple[str, ...]:
    """The names, each the id of some rule. Raises UsageError."""
    known = every_id()
    for name in names:
        if name not in known:
            near = nearest(name, sorted(known))
            hint = f"did you mean `{near}`?" if near else "every problem names its own in brackets"
            raise UsageError(f"there is no rule `{name}`; {hint}")
    return tuple(names)
