"""The lab tells the truth: the real server and every real webhook behind it refuse what they must, and take what is right."""

from __future__ import annotations

import copy
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.lab.programs import LabError, missing
from tests.lab.verdicts import Judge

Object = dict[str, Any]

pytestmark = pytest.mark.skipif(
    bool(missing()), reason=f"make lab-tools builds what is not here: {', '.join(missing())}"
)


@pytest.fixture
def cluster(judge: Judge) -> Judge:
    return judge


def manifest(api_version: str, kind: str, spec: Object, **metadata: Any) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "smoke", **metadata}, "spec": spec}


def container(**fields: Any) -> Object:
    return {"name": "kserve-container", "image": "example.com/server:1", **fields}


RUNTIME: Object = {
    "supportedModelFormats": [{"name": "smoke", "version": "1", "autoSelect": True, "priority": 1}],
    "containers": [container()],
}
TWO_WORKERS = {"workerSpec": {"containers": [container(), container(name="second")]}}
TRAINED: Object = {
    "inferenceService": "smoke",
    "model": {"framework": "sklearn", "memory": "1Gi", "storageUri": "s3://models/a"},
}
LANGUAGE: Object = {"model": {"uri": "hf://org/model", "name": "org/model"}, "replicas": 1}
SOURCE: Object = {"topics": ["a"], "bootstrapServers": ["kafka:9092"], "sink": {"uri": "http://sink.team"}}
SERVICE: Object = {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/a"}}}

GOOD = {
    "InferenceService": manifest("serving.kserve.io/v1beta1", "InferenceService", SERVICE),
    "ServingRuntime": manifest("serving.kserve.io/v1alpha1", "ServingRuntime", RUNTIME),
    "ClusterServingRuntime": manifest("serving.kserve.io/v1alpha1", "ClusterServingRuntime", RUNTIME),
    "InferenceGraph": manifest(
        "serving.kserve.io/v1alpha1",
        "InferenceGraph",
        {"nodes": {"root": {"routerType": "Sequence", "steps": [{"serviceName": "a"}]}}},
    ),
    "TrainedModel": manifest("serving.kserve.io/v1alpha1", "TrainedModel", TRAINED),
    "LLMInferenceService v1alpha1": manifest("serving.kserve.io/v1alpha1", "LLMInferenceService", LANGUAGE),
    "LLMInferenceService v1alpha2": manifest("serving.kserve.io/v1alpha2", "LLMInferenceService", LANGUAGE),
    "LLMInferenceServiceConfig v1alpha1": manifest("serving.kserve.io/v1alpha1", "LLMInferenceServiceConfig", LANGUAGE),
    "LLMInferenceServiceConfig v1alpha2": manifest("serving.kserve.io/v1alpha2", "LLMInferenceServiceConfig", LANGUAGE),
    "LocalModelCache": manifest(
        "serving.kserve.io/v1alpha1",
        "LocalModelCache",
        {"sourceModelUri": "s3://models/a", "modelSize": "1Gi", "nodeGroups": ["gpu"]},
    ),
    "KafkaSource v1": manifest("sources.knative.dev/v1", "KafkaSource", SOURCE),
    "KafkaSource v1beta1": manifest("sources.knative.dev/v1beta1", "KafkaSource", SOURCE),
    "KafkaSink": manifest(
        "eventing.knative.dev/v1alpha1", "KafkaSink", {"topic": "a", "bootstrapServers": ["kafka:9092"]}
    ),
    "KafkaChannel": manifest("messaging.knative.dev/v1beta1", "KafkaChannel", {}),
    "ConfigMap": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "smoke"}, "data": {"a": "b"}},
}

# Who must refuse which change of a good object, and what it says.
WEBHOOK = "admission webhook"
ALONE = {"worker": {"containers": [container()]}}
WRONG: dict[str, tuple[str, Object, str]] = {
    "a ConfigMap's unknown field": ("ConfigMap", {"dat": {}}, 'unknown field "dat"'),
    "an InferenceService's unknown field": ("InferenceService", {"spec": {"predicator": {}}}, "unknown field"),
    "a wrong autoscaler": (
        "InferenceService",
        {"metadata": {"annotations": {"serving.kserve.io/autoscalerClass": "bogus"}}},
        "inferenceservice.kserve-webhook-server.validator",
    ),
    "two containers in a worker": (
        "ServingRuntime",
        {"spec": TWO_WORKERS},
        "servingruntime.kserve-webhook-server.validator",
    ),
    "two containers in a cluster's worker": (
        "ClusterServingRuntime",
        {"spec": TWO_WORKERS},
        "clusterservingruntime.kserve-webhook-server.validator",
    ),
    "a graph without root": (
        "InferenceGraph",
        {"spec": {"nodes": {"root": None, "leaf": {"routerType": "Sequence"}}}},
        "inferencegraph.kserve-webhook-server.validator",
    ),
    "a trained model's scheme": (
        "TrainedModel",
        {"spec": {"model": {"storageUri": "ftp://a"}}},
        "trainedmodel.kserve-webhook-server.validator",
    ),
    "workers without parallelism v1alpha1": (
        "LLMInferenceService v1alpha1",
        {"spec": ALONE},
        "llminferenceservice.kserve-webhook-server.v1alpha1.validator",
    ),
    "workers without parallelism v1alpha2": (
        "LLMInferenceService v1alpha2",
        {"spec": ALONE},
        "llminferenceservice.kserve-webhook-server.v1alpha2.validator",
    ),
    "references of a config v1alpha1": (
        "LLMInferenceServiceConfig v1alpha1",
        {"spec": {"baseRefs": [{"name": "a"}]}},
        "llminferenceserviceconfig.kserve-webhook-server.v1alpha1.validator",
    ),
    "references of a config v1alpha2": (
        "LLMInferenceServiceConfig v1alpha2",
        {"spec": {"baseRefs": [{"name": "a"}]}},
        "llminferenceserviceconfig.kserve-webhook-server.v1alpha2.validator",
    ),
    "a source's offset": (
        "KafkaSource v1",
        {"spec": {"initialOffset": "bogus"}},
        "validation.webhook.kafka.eventing.knative.dev",
    ),
    "a source's offset v1beta1": (
        "KafkaSource v1beta1",
        {"spec": {"initialOffset": "bogus"}},
        "validation.webhook.kafka.eventing.knative.dev",
    ),
}


def merged(target: Any, change: Any) -> Any:
    """A merge patch: None removes."""
    if not isinstance(target, dict) or not isinstance(change, dict):
        return change
    both = {**target, **{key: merged(target.get(key), value) for key, value in change.items()}}
    return {key: value for key, value in both.items() if value is not None}


def changed(kind: str, change: Object) -> Object:
    result: Object = merged(copy.deepcopy(GOOD[kind]), change)
    return result


@pytest.mark.parametrize("kind", GOOD)
def test_what_is_right_is_accepted(cluster: Judge, kind: str) -> None:
    verdict = cluster.verdict(GOOD[kind])
    assert verdict.accepted, verdict
    assert verdict.object


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_refused_by_whom_it_concerns(cluster: Judge, mistake: str) -> None:
    kind, change, told = WRONG[mistake]
    verdict = cluster.verdict(changed(kind, change))
    assert not verdict.accepted
    assert told in verdict.message


def test_defaults_are_filled_in(cluster: Judge) -> None:
    old = {"predictor": {"model": None, "sklearn": {"storageUri": "s3://models/a"}}}
    service = cluster.verdict(changed("InferenceService", {"spec": old})).object
    assert service
    assert service["spec"]["predictor"]["model"]["modelFormat"] == {"name": "sklearn"}
    assert "sklearn" not in service["spec"]["predictor"]
    source = cluster.verdict(GOOD["KafkaSource v1"]).object
    assert source
    assert source["spec"]["consumerGroup"]


def test_a_cache_of_the_same_model_is_refused_once_the_first_is_known(cluster: Judge) -> None:
    first = GOOD["LocalModelCache"]
    second = changed("LocalModelCache", {"metadata": {"name": "second"}})
    cluster.apply([first])
    try:
        deadline = time.monotonic() + 10  # the manager learns of the first some time after it was stored
        while (verdict := cluster.verdict(second)).accepted and time.monotonic() < deadline:
            time.sleep(0.1)
        assert "localmodelcache.kserve-webhook-server" in verdict.message
    finally:
        cluster.delete(first)


def test_nothing_stays(cluster: Judge) -> None:
    assert cluster.verdict(GOOD["ConfigMap"]).accepted
    assert cluster.client.request("GET", "/api/v1/namespaces/default/configmaps/smoke").status == 404


def test_an_unknown_kind_is_a_verdict(cluster: Judge) -> None:
    for strange in ({"apiVersion": "a.b/v1", "kind": "C"}, {"kind": "ConfigMap"}, {"apiVersion": 1, "kind": []}, {}):
        assert cluster.verdict(strange).reason == "NoKind"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b, a: c}\n", 'key "a" already set'),
        (b"apiVersion: v1\nkind: [ConfigMap\n", "did not find expected"),
        (b"- a\n", "cannot unmarshal"),
    ],
    ids=["twice the same key", "no YAML", "a list"],
)
def test_a_text_is_judged_as_it_stands(cluster: Judge, text: bytes, told: str) -> None:
    verdict = cluster.verdict(text)
    assert not verdict.accepted
    assert told in verdict.message


def test_a_text_that_is_right_is_accepted(cluster: Judge) -> None:
    assert cluster.verdict(b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n").accepted


def test_a_namespace_comes_with_its_first_object(cluster: Judge) -> None:
    assert cluster.verdict(changed("ConfigMap", {"metadata": {"namespace": "elsewhere"}})).accepted


def test_what_exists_is_judged_as_an_apply(cluster: Judge) -> None:
    cluster.apply([GOOD["ConfigMap"]])
    try:
        verdict = cluster.verdict(changed("ConfigMap", {"data": {"a": "c"}}))
        assert verdict.accepted
        assert verdict.object
        assert verdict.object["data"] == {"a": "c"}
    finally:
        cluster.delete(GOOD["ConfigMap"])


def test_an_update_is_judged_against_what_is_live(cluster: Judge) -> None:
    mode = "serving.kserve.io/deploymentMode"
    live = changed("InferenceService", {"metadata": {"annotations": {mode: "Knative"}}})
    new = changed("InferenceService", {"metadata": {"annotations": {mode: "Standard"}}})
    assert cluster.verdict_update(live, new).accepted
    refused = cluster.verdict_update(live, new, status={"deploymentMode": "Knative"})
    assert WEBHOOK in refused.message
    assert cluster.verdict_update(live, live, status={"deploymentMode": "Knative"}).accepted
    assert cluster.verdict(live).code == 201  # it is gone again


def test_an_immutable_field_is_refused_in_both_kinds_of_update(cluster: Judge) -> None:
    live = {**GOOD["ConfigMap"], "immutable": True}
    new = changed("ConfigMap", {"data": {"a": "c"}, "immutable": True})
    for operation in ("apply", "update"):
        assert "immutable" in cluster.verdict_update(live, new, operation=operation).message


def test_a_live_object_that_is_refused_is_no_verdict(cluster: Judge) -> None:
    with pytest.raises(LabError, match="refused"):
        cluster.verdict_update({**GOOD["ConfigMap"], "dat": {}}, GOOD["ConfigMap"])


def test_a_webhook_that_is_not_there_is_no_verdict(cluster: Judge) -> None:
    ping = manifest("sources.knative.dev/v1beta2", "PingSource", {"sink": {"uri": "http://a"}})
    with pytest.raises(LabError, match=r'service "eventing-webhook" not found'):
        cluster.verdict(ping)


def test_threads_share_a_cluster(cluster: Judge) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert all(verdict.accepted for verdict in pool.map(cluster.verdict, [GOOD["ConfigMap"]] * 40))
