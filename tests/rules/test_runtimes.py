"""Runtimes: what KServe's webhook refuses, which of them clash, and which no model could use."""

from __future__ import annotations

from typing import Any

import pytest

from gitops.objects import Object
from tests.rules.judged import Edit, broken, cluster, edited, service

FAMILIES = "serving_runtime runtime_priorities runtime_use"
MIG = {"limits": {"nvidia.com/mig-1g.5gb": "1"}}
TYPES = "spec.annotations.serving.kserve.io/gpu-resource-types"
W = "spec.workerSpec."


def runtime(edit: Edit | None = None, name: str = "own", everywhere: bool = False) -> Object:
    """A runtime of one node that breaks no rule, with an edit."""
    made: Object = {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ClusterServingRuntime" if everywhere else "ServingRuntime",
        "metadata": {"name": name} if everywhere else {"name": name, "namespace": "models"},
        "spec": {
            "supportedModelFormats": [{"name": "own", "version": "1", "autoSelect": True, "priority": 1}],
            "protocolVersions": ["v2"],
            "containers": [{"name": "kserve-container", "image": "i"}],
        },
    }
    return edited(made, edit or {})


def nodes(edit: Edit | None = None) -> Object:
    """One of several nodes."""
    workers = {"containers": [{"name": "worker-container", "image": "i"}]}
    return edited(runtime({"spec.workerSpec": workers}), edit or {})


def told(obj: Object, *objects: Object, **environment: Any) -> set[str]:
    return broken(obj, cluster(obj, *objects, **environment), only=FAMILIES)


def variables(*names: str) -> list[Object]:
    return [{"name": name, "value": "1"} for name in names]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({}, set()),
        ({W + "containers": []}, {"runtime-workers"}),
        ({W + "containers": [{"name": "worker-container"}, {"name": "b"}]}, {"runtime-workers"}),
        ({W + "containers": [], "spec.disabled": True}, set()),
        ({W + "containers": [], "spec.disabled": False}, {"runtime-workers"}),
        ({W + "pipelineParallelSize": 0}, {"runtime-parallel-sizes"}),
        ({W + "tensorParallelSize": -1}, {"runtime-parallel-sizes"}),
        ({W + "tensorParallelSize": 1, W + "pipelineParallelSize": 1}, set()),
        ({"spec.containers.0.env": variables("TENSOR_PARALLEL_SIZE")}, {"runtime-parallel-sizes"}),
        ({W + "containers.0.env": variables("TENSOR_PARALLEL_SIZE")}, set()),
        ({"spec.containers.0.env": variables("PYTHONPATH")}, {"runtime-blocked-variable"}),
        ({W + "containers.0.env": variables("PYTHONPATH")}, {"runtime-blocked-variable"}),
        ({"spec.containers.0.resources": MIG}, {"runtime-gpu-resource"}),
        ({W + "containers.0.resources": MIG}, {"runtime-gpu-resource"}),
        ({W + "containers": [{"name": "w", "resources": MIG}]}, {"runtime-main-container"}),
        ({"spec.containers.0.resources": {"requests": {"nvidia.com/gpu": "1"}, "limits": {"cpu": 1}}}, set()),
        ({"spec.containers.0.resources": MIG, TYPES: '["nvidia.com/mig-1g.5gb"]'}, set()),
        ({"spec.containers.0.resources": MIG, "metadata.annotations.serving.kserve.io/gpu-resource-types": '["nvidia.com/mig-1g.5gb"]'}, {"runtime-gpu-resource"}),
        ({TYPES: "[]"}, {"runtime-gpu-resource"}),
        ({TYPES: ""}, set()),
    ],
)  # fmt: skip
def test_a_runtime_of_several_nodes_is_judged_as_the_webhook_does(edit: Edit, expected: set[str]) -> None:
    assert told(nodes(edit)) == expected


@pytest.mark.parametrize(
    ("release", "edit", "expected"),
    [
        ("0.14.1", {W + "containers": []}, set()),
        ("0.15.0", {W + "pipelineParallelSize": 1, W + "tensorParallelSize": 1}, {"runtime-parallel-sizes"}),
        ("0.15.0", {W + "pipelineParallelSize": 2}, {"runtime-parallel-sizes"}),
        ("0.15.0", {W + "pipelineParallelSize": 2, W + "tensorParallelSize": 1}, set()),
        ("0.15.1", {W + "pipelineParallelSize": 1}, set()),
        ("0.17.1", {"spec.containers.0.env": variables("PYTHONPATH")}, set()),
        ("0.18.0", {"spec.containers.0.env": variables("PYTHONPATH")}, {"runtime-blocked-variable"}),
    ],
)
def test_each_release_has_its_own_rules(release: str, edit: Edit, expected: set[str]) -> None:
    assert told(nodes(edit), crds={"kserve": release}) == expected


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({}, set()),
        ({"spec.containers.0.env": variables("TENSOR_PARALLEL_SIZE")}, set()),
        ({"spec.containers.0.resources": MIG}, set()),
        ({"spec.containers.0.name": "server"}, {"runtime-main-container"}),
        ({"spec.containers.0.name": "server", "spec.multiModel": True}, set()),
        ({"spec.containers.0.name": "server", "spec.disabled": True}, set()),
        ({"spec.supportedModelFormats": []}, {"runtime-serves-formats"}),
        ({"spec.protocolVersions": ["gRPC-v2"]}, {"runtime-protocols-known"}),
        ({"spec.protocolVersions": None}, set()),
        ({"spec.containers.0.args": ["{{.Name}}", "{{ .Labels.app }}"]}, set()),
        ({"spec.containers.0.args": ["{{ .name }}"]}, {"runtime-placeholders"}),
        ({"spec.containers.0.args": ["{{ .Spec.Model }}"]}, {"runtime-placeholders"}),
        ({"spec.containers": [{"name": "kserve-container"}, {"name": "other", "args": ["{{ x }}"]}]}, set()),
        ({"spec.supportedModelFormats.0.name": "sklearn"}, {"runtime-takes-over"}),
    ],
)
def test_what_no_model_could_use_is_told(edit: Edit, expected: set[str]) -> None:
    assert told(runtime(edit)) == expected


@pytest.mark.parametrize(("text", "expected"), [("{{.Name}}", set()), ("{{ x[0] }}", {"model-placeholders"})])
def test_a_model_is_read_as_a_template_with_its_runtime(text: str, expected: set[str]) -> None:
    assert broken(service({"spec.predictor.model.args": [text]}), only="runtime_use") == expected


def formats(*each: tuple[str, int | None, bool]) -> Edit:
    return {
        "spec.supportedModelFormats": [
            {"name": name, "version": str(index), "autoSelect": auto, **({"priority": priority} if priority else {})}
            for index, (name, priority, auto) in enumerate(each)
        ]
    }


@pytest.mark.parametrize(
    ("edit", "differ"),
    [
        (formats(("a", 1, True), ("a", 2, True)), True),
        (formats(("a", 1, True), ("a", 1, True)), False),
        (formats(("a", 1, True), ("b", 2, True)), False),
        (formats(("a", 1, True), ("a", 2, False)), False),
        (formats(("a", 1, True), ("a", None, True)), False),
        (formats(("a", None, True), ("a", 1, True), ("a", 2, True)), False),
        (formats(("a", 1, True), ("A", 2, True)), False),
        ({**formats(("a", 1, True), ("a", 2, True)), "spec.disabled": True}, False),
    ],
)
def test_a_format_has_one_priority(edit: Edit, differ: bool) -> None:
    assert ("local-format-priority" in told(runtime(edit))) is differ
    assert ("format-priority" in told(runtime(edit, everywhere=True))) is differ


FIRST = formats(("a", 1, True))


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        (FIRST, FIRST, True),
        (FIRST, formats(("A", 1, True)), True),
        (FIRST, formats(("a", 2, True)), False),
        (FIRST, formats(("a", None, True)), False),
        (FIRST, formats(("a", 1, False)), False),
        (FIRST, formats(("b", 1, True)), False),
        (FIRST, formats(("b", 1, True), ("a", 1, True)), False),
        (FIRST, {**FIRST, "spec.protocolVersions": ["v1"]}, False),
        (FIRST, {**FIRST, "spec.protocolVersions": None}, False),
        (FIRST, {**FIRST, "spec.protocolVersions": ["v1", "v2"]}, True),
        (FIRST, {**FIRST, "spec.multiModel": True}, False),
        (FIRST, {**FIRST, "spec.disabled": True}, False),
        ({**FIRST, "spec.disabled": True}, FIRST, False),
    ],
)
@pytest.mark.parametrize("everywhere", [True, False])
def test_two_runtimes_do_not_claim_the_same(first: Edit, second: Edit, clash: bool, everywhere: bool) -> None:
    one, two = runtime(first, "one", everywhere), runtime(second, "two", everywhere)

    assert "runtime-priority-free" not in told(one, two)
    assert ("runtime-priority-free" in told(two, one)) is clash


def test_runtimes_of_other_places_do_not_clash() -> None:
    elsewhere = runtime({**FIRST, "metadata.namespace": "other"}, "elsewhere")

    assert told(runtime(FIRST), elsewhere, runtime(FIRST, "a", everywhere=True)) == {"runtime-takes-over"}


def test_runtimes_that_kserve_ships_count() -> None:
    sklearn = {**formats(("b", 1, True), ("sklearn", 2, True)), "spec.protocolVersions": ["v2"]}
    claims = runtime(sklearn, everywhere=True)

    assert told(claims) == {"runtime-priority-free"}
    assert told(claims, kserve={"runtimes": ["kserve-sklearnserver"]}) == set()
    assert told(claims, runtime(None, "kserve-mlserver", everywhere=True)) == set()
    assert told(runtime(sklearn, "kserve-mlserver", everywhere=True)) == set()


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        (nodes(), runtime(), False),
        (nodes(), runtime({"spec.disabled": True}), True),
        (nodes(), nodes({W + "pipelineParallelSize": 3}), True),
        (runtime(), nodes(), True),
    ],
)
def test_workers_stay(old: Object, new: Object, kept: bool) -> None:
    from gitops.rules.serving_runtime import runtime_keeps_workers

    assert (list(runtime_keeps_workers.judge(old, new, cluster(new))) == []) is kept
