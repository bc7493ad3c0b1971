"""Our verdict beside the API server's: who refuses what, and why they differ where they do."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

from gitops.environments import Environment
from gitops.faults import Fault
from gitops.objects import Object
from gitops.rules.base import Cluster, Inventory
from gitops.rules.judge import Bench, faults
from gitops.rules.table import RULES
from gitops.schemas.files import library
from gitops.schemas.store import Schemas
from tests.command_line import REPOSITORY
from tests.lab.verdicts import Judge, Verdict

KNOWN = Path(__file__).parent / "disagreements.csv"
AT_ONCE = 8
MIRRORED = {"runtime-priority-free"}
"""Rules of references that are a webhook's: its verdict depends on what else the cluster has."""


class Case(NamedTuple):
    """An object, and how people find it."""

    name: str
    object: Object


class Difference(NamedTuple):
    """A case that the API server and we do not agree on."""

    name: str
    kind: str
    accepted: bool
    """By the API server."""
    said: str
    """By the one who refuses."""

    def __str__(self) -> str:
        return f"{'false reject' if self.accepted else 'false accept'} of {self.kind} in {self.name}: {self.said}"


class Known(NamedTuple):
    """A disagreement that stays, as disagreements.csv has it: docs/limits.md gives the reasons to people."""

    direction: str
    kind: str
    said: str
    reason: str

    def covers(self, difference: Difference) -> bool:
        """Whether a difference is this one."""
        return (
            self.direction == ("false reject" if difference.accepted else "false accept")
            and self.kind in ("*", difference.kind)
            and re.search(self.said, difference.said) is not None
        )


@cache
def known() -> tuple[Known, ...]:
    with KNOWN.open(encoding="utf-8", newline="") as file:
        return tuple(Known(*row) for row in list(csv.reader(file))[1:])


@cache
def environment() -> Environment:
    """What the lab runs."""
    crds = {"kserve": "0.20.0", "knative-kafka": "1.23.0", "knative-eventing": "1.22.2"}
    return Environment(name="lab", namespace="default", kubernetes="1.34", crds=crds)


@cache
def schemas() -> Schemas:
    return library(REPOSITORY / "schemas").schemas(environment().crds, environment().kubernetes)


@cache
def _bench() -> Bench:
    rules = [rule for rule in RULES if rule.layer == "admission" or rule.id in MIRRORED]
    return Bench(rules, environment(), ("admission", "reference"))


def refusals(obj: Object, old: Object | None = None) -> list[Fault]:
    """Why we say that the API server would refuse an object; empty if it would not."""
    cluster = Cluster(environment(), schemas(), Inventory((), schemas(), "default"))
    return [fault for fault in faults(obj, cluster, _bench(), old) if fault.severity == "error"]


def differences(judge: Judge, cases: Iterable[Case]) -> tuple[int, list[Difference]]:
    """How many cases could be compared, and those where the two verdicts differ. Kinds that the lab does not serve are left out."""
    every = list(cases)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        verdicts = list(pool.map(lambda case: judge.verdict(case.object), every))
    compared = [
        (case, verdict) for case, verdict in zip(every, verdicts, strict=True) if not _only_ours(case.object, verdict)
    ]
    found = (difference(case, verdict, refusals(case.object)) for case, verdict in compared)
    return len(compared), [each for each in found if each]


def difference(case: Case, verdict: Verdict, ours: list[Fault]) -> Difference | None:
    if verdict.accepted == (not ours):
        return None
    said = (
        "; ".join(f"{fault.rule} at {list(fault.pointer)}" for fault in ours) if verdict.accepted else verdict.message
    )
    return Difference(case.name, str(case.object.get("kind")), verdict.accepted, said)


def _only_ours(obj: Object, verdict: Verdict) -> bool:
    return verdict.reason == "NoKind" and schemas().scope(str(obj.get("apiVersion")), str(obj.get("kind"))) is not None


def unexplained(found: Iterable[Difference]) -> list[str]:
    return [str(each) for each in found if not any(one.covers(each) for one in known())]


def distinct(cases: Iterable[Case]) -> Iterator[Case]:
    seen = set()
    for case in cases:
        text = json.dumps(case.object, sort_keys=True, default=str)
        if text not in seen:
            seen.add(text)
            yield case
