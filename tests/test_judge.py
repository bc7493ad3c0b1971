"""What schemas and rules say together: one mistake is one fault."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from gitops.environments import Environment
from gitops.objects import Object
from gitops.rules.base import Cluster, Inventory, Layer
from gitops.rules.judge import Bench, faults
from gitops.rules.table import RULES
from gitops.schemas.files import library
from gitops.schemas.store import Schemas
from tests.command_line import REPOSITORY

EVERY: tuple[Layer, ...] = ("admission", "controller", "reference", "policy")
MODEL = {
    "modelFormat": {"name": "sklearn"},
    "runtime": "kserve-sklearnserver",
    "protocolVersion": "v2",
    "storageUri": "gs://models/iris",
}


@cache
def schemas() -> Schemas:
    return library(REPOSITORY / "schemas").schemas({"kserve": "0.20.0"}, "1.34")


def told(obj: Object) -> list[str]:
    environment = Environment(name="test", namespace="models", kubernetes="1.34", crds={"kserve": "0.20.0"})
    cluster = Cluster(environment, schemas(), Inventory([obj], schemas(), "models"))
    return [fault.rule for fault in faults(obj, cluster, Bench(RULES, environment, EVERY))]


def service(model: dict[str, Any]) -> Object:
    annotations = {"serving.kserve.io/deploymentMode": "Standard"}
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "iris", "annotations": annotations},
        "spec": {"predictor": {"model": model}},
    }


def respelled(**names: str) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in MODEL.items()}


@pytest.mark.parametrize(
    ("model", "rules"),
    [
        (MODEL, []),
        (respelled(storageUri="storageUrl"), ["unknown-field"]),
        (respelled(modelFormat="modelFormt"), ["unknown-field"]),
        (respelled(runtime="runtimes"), ["unknown-field"]),
        ({**MODEL, "modelFormat": {"nam": "sklearn"}}, ["unknown-field"]),
        ({name: value for name, value in MODEL.items() if name != "storageUri"}, ["model-has-storage"]),
        ({**respelled(storageUri="nothing-like-it")}, ["unknown-field", "model-has-storage"]),
    ],
)
def test_a_misspelt_field_is_not_missing_as_well(model: dict[str, Any], rules: list[str]) -> None:
    assert told(service(model)) == rules
