"""Which runtime serves a model: every reason for none, and everywhere that a runtime may be known from."""

from __future__ import annotations

from typing import Any

import pytest

from gitops.environments import Environment
from gitops.objects import Object
from gitops.resources.runtimes import BUILT_IN, choose
from gitops.rules.runtimes import stated
from gitops.rules.shipped_runtimes import SINCE, specs
from tests.rules.judged import Edit, broken, cluster, service

FAMILIES = "model_runtime"
M = "spec.predictor.model."
AUTO: Edit = {M + "runtime": None}
OLD: Edit = {"spec.predictor.model": None, "spec.predictor.sklearn": {"storageUri": "gs://models/iris"}}


def told(edit: Edit, *objects: Object, complete: bool = True, **environment: Any) -> set[str]:
    obj = service(edit, "Standard")
    found = broken(obj, cluster(obj, *objects, complete=complete, **environment), only=FAMILIES)
    return found - {"runtime-pinned"}


def model(name: str, protocol: str | None = None, version: str | None = None, runtime: str | None = None) -> Edit:
    form = {"name": name, **({"version": version} if version else {})}
    return {M + "modelFormat": form, M + "protocolVersion": protocol, M + "runtime": runtime}


def runtime(name: str = "own", namespace: str | None = None, **spec: Any) -> Object:
    kind = "ServingRuntime" if namespace else "ClusterServingRuntime"
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    whole = {
        "containers": [{"name": "kserve-container", "image": "i"}],
        "supportedModelFormats": [{"name": "own", "version": "1", "autoSelect": True}],
        **spec,
    }
    return {"apiVersion": "serving.kserve.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": whole}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({}, set()),
        (model("sklearn", "v1", None, "kserve-mlserver"), {"runtime-protocol"}),
        (model("sklearn", None, None, "kserve-mlserver"), set()),
        (model("sklearn", "grpc-v2", None, "kserve-sklearnserver"), {"runtime-protocol"}),
        (model("onnx", "v2", None, "kserve-sklearnserver"), {"runtime-format"}),
        (model("SKLearn", "v2", None, "kserve-sklearnserver"), {"runtime-format"}),
        (model("sklearn", "v2", "1", "kserve-sklearnserver"), set()),
        (model("sklearn", "v2", "1.3.0", "kserve-sklearnserver"), {"runtime-format"}),
        (model("pytorch", "v2", None, "kserve-tritonserver"), set()),
        (model("triton", None, None, "kserve-tritonserver"), set()),
        (model("vllm", "v2", None, "kserve-vllmserver"), {"runtime-format"}),
        (model("vLLM", "v1", None, "kserve-vllmserver"), set()),
        (model("sklearn", "v2", None, "kserve-sklearn-server"), {"runtime-exists"}),
    ],
)
def test_a_named_runtime_serves_the_model(edit: Edit, expected: set[str]) -> None:
    assert told(edit) == expected


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (model("sklearn"), set()),
        (model("sklearn", "v2"), set()),
        (model("sklearn", "grpc-v2"), {"runtime-found"}),
        (model("mlflow"), {"runtime-found"}),
        (model("mlflow", "v2"), set()),
        (model("onnx"), {"runtime-found"}),
        (model("tensorrt"), {"runtime-found"}),
        (model("triton"), set()),
        (model("vLLM"), set()),
        (model("vllm"), {"runtime-found"}),
        (model("pytorch", "grpc-v2"), set()),
        (model("xgboost", "v1", "2"), set()),
        (model("xgboost", "v1", "1"), {"runtime-found"}),
        (model("statsmodels"), {"runtime-found"}),
        ({**model("huggingface"), "spec.predictor.workerSpec": {}}, set()),
        ({**model("sklearn"), "spec.predictor.workerSpec": {}}, {"runtime-found"}),
    ],
)
def test_one_is_found_where_none_is_named(edit: Edit, expected: set[str]) -> None:
    assert told(edit) == expected


def test_a_framework_field_asks_for_its_format() -> None:
    field = {"spec.predictor.model": None, "spec.predictor.onnx": {"storageUri": "gs://a/b"}}

    assert told(field) == set()
    assert told({**field, "spec.predictor.onnx": {"storageUri": "gs://a/b", "protocolVersion": "v1"}}) == {
        "runtime-found"
    }


@pytest.mark.parametrize(
    ("edit", "complete", "expected"),
    [
        (model("statsmodels"), False, set()),
        (model("SKLEARN"), False, {"runtime-found"}),
        (model("onnx"), False, {"runtime-found"}),
        (model("own", "v2", None, "own"), False, set()),
        (model("own", "v2", None, "own"), True, {"runtime-exists"}),
    ],
)
def test_other_runtimes_are_thought_of_where_they_may_be(edit: Edit, complete: bool, expected: set[str]) -> None:
    assert told(edit, complete=complete) == expected


OWN = model("own", "v2", None, "own")


@pytest.mark.parametrize(
    ("made", "edit", "expected"),
    [
        (runtime(), OWN, set()),
        (runtime(namespace="models"), OWN, set()),
        (runtime(namespace="other"), OWN, {"runtime-exists"}),
        (runtime(disabled=True), OWN, {"runtime-enabled"}),
        (runtime(protocolVersions=["v1"]), OWN, {"runtime-protocol"}),
        (runtime(), model("own"), set()),
        (runtime(disabled=True), model("own"), {"runtime-found"}),
        (runtime(multiModel=True), model("own"), {"runtime-found"}),
        (runtime(supportedModelFormats=[{"name": "own"}]), OWN, set()),
        (runtime(supportedModelFormats=[{"name": "own"}]), model("own"), {"runtime-found"}),
        (runtime("kserve-sklearnserver", "models"), {}, {"runtime-format"}),
    ],
)
def test_runtimes_of_the_inventory_count(made: Object, edit: Edit, expected: set[str]) -> None:
    assert told(edit, made) == expected


def test_the_environment_says_which_there_are() -> None:
    assert told({}, complete=False, kserve={"runtimes": ["kserve-mlserver"]}) == {"runtime-exists"}
    assert told(OWN, kserve={"runtimes": ["own"]}) == set()
    assert told(model("own"), kserve={"runtimes": ["own"]}) == set()
    assert told(model("statsmodels"), complete=False, kserve={"runtimes": ["kserve-mlserver"]}) == {"runtime-found"}
    assert told(OWN, provides=[{"kind": "ServingRuntime", "name": "own"}]) == set()


@pytest.mark.parametrize(
    ("release", "edit", "expected"),
    [
        ("0.19.0", model("vLLM", "v2", None, "kserve-vllmserver"), {"runtime-exists"}),
        ("0.20.0", model("vLLM", "v2", None, "kserve-vllmserver"), set()),
        ("0.16.0", model("xgboost", "v1", "1"), set()),
        ("0.16.0", model("xgboost", "v1", "2"), {"runtime-found"}),
        ("0.17.0", model("lightgbm", "v1", "3"), {"runtime-found"}),
    ],
)
def test_each_release_ships_its_own(release: str, edit: Edit, expected: set[str]) -> None:
    assert told(edit, complete=False, crds={"kserve": release}) == expected


@pytest.mark.parametrize(
    ("edit", "told_"),
    [
        ({}, False),
        (AUTO, True),
        ({M + "protocolVersion": None}, True),
        ({"spec.predictor.model": None}, False),
        (OLD, False),
    ],
)
def test_runtime_and_protocol_are_written_down(edit: Edit, told_: bool) -> None:
    assert ("runtime-pinned" in broken(service(edit))) is told_


def test_nothing_is_asked_of_model_mesh() -> None:
    obj = service(model("statsmodels"), "ModelMesh")

    assert broken(obj, cluster(obj, complete=True), only=FAMILIES) == set()


def test_the_tables_of_rules_and_of_rendering_agree() -> None:
    assert set(SINCE) == {runtime.name for runtime in BUILT_IN} == set(specs(False)) == set(specs(True))
    for each in BUILT_IN:
        chosen = {form["name"] for form in specs(False)[each.name]["supportedModelFormats"] if form["autoSelect"]}
        assert chosen == set(each.formats)


@pytest.mark.parametrize("protocol", ["v1", "v2", "grpc-v1", "grpc-v2"])
def test_a_runtime_is_found_exactly_where_rendering_chooses_one(protocol: str) -> None:
    names = stated(cluster()).keys()

    for name in sorted({each for runtime in BUILT_IN for each in runtime.formats}):
        assert ("runtime-found" in told(model(name, protocol))) is (choose(name, protocol, names) is None), name


def test_an_environment_without_settings_has_what_kserve_ships() -> None:
    environment = Environment(name="test", namespace="models", kubernetes="1.34")

    assert environment.kserve.runtimes is None
    assert set(stated(cluster())) == set(SINCE)
