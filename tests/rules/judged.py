"""A bench for rules: objects in, the ids of the rules that are broken out."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from gitops.environments import Environment
from gitops.objects import Object
from gitops.rules.base import Cluster, Inventory
from gitops.rules.judge import Bench, faults
from gitops.rules.table import RULES
from gitops.schemas.files import library
from gitops.schemas.store import Schemas
from tests.command_line import REPOSITORY

Edit = dict[str, Any]
"""Dotted path -> value; None removes. Digits are indices of lists; a step with dots of its own stands in `[…]`."""

CASES = Path(__file__).parents[3] / "shared" / "cases"


@cache
def schemas() -> Schemas:
    """Of the release of KServe that is bundled; rules ask the environment for another."""
    return library(REPOSITORY / "schemas").schemas({"kserve": "0.20.0"}, "1.34")


def cluster(*objects: Object, complete: bool = False, **environment: Any) -> Cluster:
    """A cluster with these objects, in an environment with these settings."""
    settings = {"name": "test", "namespace": "models", "kubernetes": "1.35", **environment}
    return Cluster(Environment.model_validate(settings), schemas(), Inventory(objects, schemas(), "models"), complete)


def service(edit: Edit | None = None, mode: str | None = None) -> Object:
    """An InferenceService that breaks no rule, with an edit. `mode`: the text of its annotation."""
    made: Object = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "digits", "namespace": "models", "annotations": {}},
        "spec": {
            "predictor": {
                "model": {
                    "modelFormat": {"name": "sklearn"},
                    "runtime": "kserve-sklearnserver",
                    "protocolVersion": "v2",
                    "storageUri": "gs://models/digits",
                }
            }
        },
    }
    if mode:
        made["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] = mode
    return edited(made, edit or {})


def edited(obj: Object, edit: Edit) -> Object:
    """A copy with values set."""
    made = copy.deepcopy(obj)
    for path, value in edit.items():
        parts = path.replace("annotations.", "annotations\0").split("\0")
        steps = [*parts[0].split("."), *parts[1:]]
        at: Any = made
        for step in steps[:-1]:
            at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
        if value is None:
            at.pop(steps[-1], None)
        else:
            at[steps[-1]] = copy.deepcopy(value)
    return made


def broken(obj: Object, where: Cluster | None = None, *, only: str = "") -> set[str]:
    """The rules that an object breaks, of every layer; `only`: of the modules whose names are listed."""
    rules = [rule for rule in RULES if not only or rule.judge.__module__.rpartition(".")[2] in only.split()]
    in_cluster = where or cluster(obj)
    bench = Bench(rules, in_cluster.environment, ("admission", "controller", "reference", "policy"))
    return {fault.rule for fault in faults(obj, in_cluster, bench)}
