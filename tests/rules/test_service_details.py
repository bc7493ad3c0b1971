"""Variants of what the rules of InferenceServices look at: annotations and labels, Knative's limits, legacy fields, encrypted models."""

from __future__ import annotations

from typing import Any

import pytest

from gitops.objects import Object
from gitops.rules import serving
from tests.rules.services import cluster, custom, ids, service, told

KSERVE = "serving.kserve.io"
MODEL = {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/fraud"}


def marked(annotations: Object, labels: Object | None = None) -> Object:
    obj = service()
    obj["metadata"] |= {"labels": labels or {}, "annotations": {serving.MODE: "Standard", **annotations}}
    return obj


@pytest.mark.parametrize(
    ("key", "meant", "sure"),
    [
        ("serving.kserve.io/autoscalerclass", "autoscalerClass", True),
        ("serving.kserve.io/autoscaler-class", "autoscalerClass", True),
        ("serving.kserve.io/autoscalerClas", "autoscalerClass", False),
        ("serving.kserve.io/enableTagRouting", "enable-tag-routing", True),
        ("serving.kubeflow.org/stop", "stop", True),
        ("serving.kserve.org/autoscalerClass", "autoscalerClass", True),
        ("kserve.io/autoscalerClass", "autoscalerClass", True),
        ("serving.kserve.io/TargetUtilizationPercentage", "targetUtilizationPercentage", True),
        *((key, None, False) for key in ("serving.kserve.io/autoscalerClass", "serving.kserve.io/schemaPath")),
        *((key, None, False) for key in ("serving.kserve.io/s3-endpoint", "serving.kserve.io/my-own", "stop")),
        *((key, None, False) for key in ("example.com/stop", "modelregistry.kubeflow.org/name", "autoscalerClass")),
    ],
)
def test_misspelt_annotations(key: str, meant: str | None, sure: bool) -> None:
    found = [fault for fault in told(marked({key: "none"})) if fault.rule == "misspelt-annotation"]
    assert [fault.expected for fault in found] == ([f"{KSERVE}/{meant}"] if meant else [])
    assert [fault.fix.value for fault in found if fault.fix] == ([f"{KSERVE}/{meant}"] if sure else [])


def test_a_key_is_not_renamed_to_one_that_is_there() -> None:
    both = marked({f"{KSERVE}/autoscalerclass": "none", f"{KSERVE}/autoscalerClass": "hpa"})
    assert [fault.fix for fault in told(both) if fault.rule == "misspelt-annotation"] == [None]


@pytest.mark.parametrize(
    ("key", "foreign"),
    [
        ("serving.kubeflow.org/gke-zone", True),
        ("serving.kserve.org/x", True),
        ("serving.kserve.io/x", False),
        ("kubeflow.org/x", False),
    ],
)
def test_domains(key: str, foreign: bool) -> None:
    assert ("foreign-annotation" in ids(marked({key: "x"}))) is foreign


@pytest.mark.parametrize(
    ("key", "value", "fixed"),
    [
        *(("stop", value, None) for value in ("true", "TRUE", "false")),
        *(("stop", value, "true") for value in ("yes", "1", " true")),
        *(("enable-tag-routing", value, "true") for value in ("True", "on")),
        ("enable-tag-routing", "No", "false"),
        ("disable-auto-update", "later", "?"),
        ("disable-auto-update", "", "?"),
        ("disable-localmodel", "true", None),
        ("disable-localmodel", "False", "gone"),
    ],
)
def test_switches(key: str, value: str, fixed: str | None) -> None:
    found = [fault for fault in told(marked({f"{KSERVE}/{key}": value})) if fault.rule == "switch-annotation"]
    fixes = [(fault.fix.value or "gone") if fault.fix else "?" for fault in found]
    assert fixes == ([fixed] if fixed else [])


@pytest.mark.parametrize(
    ("key", "release", "dead"),
    [
        (f"{KSERVE}/metrics", "0.14.1", False),
        (f"{KSERVE}/metrics", "0.15.0", True),
        (f"{KSERVE}/targetUtilizationPercentage", "0.20.0", True),
        (f"{KSERVE}/logger-secret-name", "0.20.0", True),
        ("autoscaling.knative.dev/max-scale", "0.20.0", True),
        ("autoscaling.knative.dev/target", "0.20.0", False),
    ],
)
def test_annotations_that_nothing_reads(key: str, release: str, dead: bool) -> None:
    assert ("dead-annotation" in ids(marked({key: "1"}), cluster(release))) is dead


@pytest.mark.parametrize(
    ("key", "value", "volatile"),
    [
        *((f"example.com/{key}", "1", True) for key in ("commit", "git-sha", "build-number", "gitCommit")),
        *((f"example.com/{key}", "1", True) for key in ("rendered-at", "deployedAt", "pipeline-run-id", "timestamp")),
        *(
            (f"example.com/{key}", "1", False)
            for key in ("runtime", "buildpack", "checksum", "git-url", "generated-by")
        ),
        *((key, "1.2.3", False) for key in ("app.kubernetes.io/version", "helm.sh/chart")),
        ("example.com/x", "2026-03-01T12:00:00Z", True),
        ("example.com/x", "0" * 40, True),
        ("example.com/x", "0" * 39, False),
        ("kubectl.kubernetes.io/restartedAt", "2026-03-01T12:00:00Z", False),
        ("modelFormat", "0" * 40, False),
    ],
)
def test_marks_that_change_too_often(key: str, value: str, volatile: bool) -> None:
    assert ("volatile-metadata" in ids(marked({key: value}))) is volatile
    assert ("volatile-metadata" in ids(marked({}, {key: value}))) is volatile
    on_pods = service({"predictor": {"model": MODEL, "labels": {key: value}}})
    assert ("volatile-metadata" in ids(on_pods)) is volatile


@pytest.mark.parametrize(
    ("labels", "mode", "expected"),
    [
        ({"networking.kserve.io/visibility": "cluster-local"}, "Standard", False),
        ({"networking.kserve.io/visibility": "cluster-local"}, "Knative", True),
        ({"networking.knative.dev/visibility": "cluster-local"}, "Knative", False),
        ({"networking.knative.dev/visibility": "cluster-local"}, "Standard", True),
        ({f"{KSERVE}/autoscalerClass": "none"}, "Standard", True),
        ({"team": "risk"}, "Standard", False),
    ],
)
def test_labels_that_do_nothing(labels: Object, mode: str, expected: bool) -> None:
    obj = service(mode=mode)
    obj["metadata"]["labels"] = labels
    assert ("effective-metadata" in ids(obj)) is expected


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("nodeSelector", {"disk": "ssd"}, "knative-feature-flag"),
        ("nodeSelector", {}, None),
        ("hostNetwork", True, "knative-feature-flag"),
        ("hostNetwork", False, None),
        ("storageUris", [{"uri": "s3://m"}], "knative-feature-flag"),
        ("volumes", [{"name": "v", "hostPath": {"path": "/"}}], "knative-feature-flag"),
        ("volumes", [{"name": "v", "secret": {"secretName": "s"}}], None),
        ("terminationGracePeriodSeconds", 0, "knative-pod-field"),
        ("hostname", "", None),
        ("nodeName", "a", "knative-pod-field"),
        ("serviceAccountName", "a", None),
        ("timeout", 600, None),
        ("timeout", 601, "knative-timeout"),
        ("timeout", -1, "knative-timeout"),
        ("canaryTrafficPercent", -1, "canary-percent-range"),
        ("canaryTrafficPercent", 0, None),
        ("canaryTrafficPercent", 101, "canary-percent-range"),
    ],
)
def test_what_knative_takes(field: str, value: Any, expected: str | None) -> None:
    for component in ("predictor", "transformer"):
        spec: Object = {"predictor": {"model": MODEL}, "transformer": custom("kserve-container")}
        spec[component] = spec[component] | {field: value}
        of_knative = {
            rule for rule in ids(service(spec, mode="Knative")) if rule.startswith(("knative", "canary-perc"))
        }
        assert of_knative == ({expected} if expected else set())
        assert not {rule for rule in ids(service(spec)) if rule.startswith("knative")}


@pytest.mark.parametrize(
    ("mode", "default", "scaler", "refused"),
    [
        ("Standard", "Knative", None, False),
        ("Knative", "Standard", None, True),
        ("ModelMesh", "Standard", None, True),
        ("Raw", "Standard", None, True),
        (None, "Standard", None, False),
        (None, "Knative", None, True),
        ("Knative", "Knative", "hpa.autoscaling.knative.dev", False),
        ("Knative", "Knative", "kpa.autoscaling.knative.dev", True),
    ],
)
def test_where_a_strategy_may_be(mode: str | None, default: str, scaler: str | None, refused: bool) -> None:
    obj = service({"predictor": {"model": MODEL, "deploymentStrategy": {}}}, mode=mode)
    if scaler:
        obj["metadata"]["annotations"]["autoscaling.knative.dev/class"] = scaler
    assert ("strategy-in-standard-mode" in ids(obj, cluster(default=default))) is refused


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ({"confidential": {"enabled": True}}, set()),
        ({"confidential": {"enabled": True}, "storageUri": None}, {"confidential-model"}),
        ({"confidential": {"enabled": True}, "storageUri": ""}, {"confidential-model"}),
        ({"confidential": {"enabled": False}, "storageUri": None}, set()),
        ({"confidential": {"enabled": True, "resourceId": ""}}, set()),
        ({"confidential": {"enabled": True, "resourceId": "kbs:///a/b/c"}}, set()),
        *(
            ({"confidential": {"enabled": True, "resourceId": key}}, {"confidential-model"})
            for key in ("kbs:///a/b", "kbs:///a/b/c/d", "kbs://host/a/b/c", "kbs:///a/b/c\n", "KBS:///a/b/c")
        ),
        ({"confidential": {"enabled": True}, "storageUri": "pvc://claim/x"}, {"confidential-has-effect"}),
    ],
)
def test_confidential_models(model: Object, expected: set[str]) -> None:
    for field in ("model", "sklearn"):
        obj = service({"predictor": {field: {**MODEL, **model}}})
        assert {rule for rule in ids(obj) if rule.startswith("confidential")} == expected


@pytest.mark.parametrize(
    ("framework", "fields", "fine"),
    [
        ("onnx", {"storageUri": "s3://m/model.onnx"}, True),
        ("onnx", {"storageUri": "s3://m.v2/folder"}, True),
        ("onnx", {"storageUri": "s3://m/model.pt"}, False),
        ("onnx", {"storageUri": "s3://m/.hidden"}, False),
        ("sklearn", {"storageUri": "s3://m/model.pt"}, True),
        ("tensorflow", {"runtimeVersion": "2.14"}, True),
        ("tensorflow", {"runtimeVersion": "2.14-gpu"}, False),
        ("pytorch", {"runtimeVersion": "1-gpu", "resources": {"limits": {"nvidia.com/mig-1g.5gb": 1}}}, True),
        ("pytorch", {"runtimeVersion": "1", "resources": {"limits": {"nvidia.com/gpu": 1}}}, False),
        ("pytorch", {"runtimeVersion": "1", "resources": {"requests": {"nvidia.com/gpu": 1}}}, True),
        ("pmml", {"storage": {"parameters": {"type": "hdfs"}}}, True),
        ("pmml", {"storage": {"parameters": {"type": "gs"}}}, False),
        ("pmml", {"storage": {"key": "x"}}, True),
        ("huggingface", {"storage": {}, "storageUri": "gs://m"}, False),
        ("huggingface", {"storage": {}, "storageUri": "s3://m"}, True),
        ("xgboost", {"storage": {}, "storageUri": "gs://m"}, True),
    ],
)
def test_fields_of_frameworks_that_the_webhook_does_not_move(framework: str, fields: Object, fine: bool) -> None:
    canary = {"predictor": {"name": "next", framework: fields}, "trafficPercent": 10}
    assert ("framework-field" not in ids(service({"canary": [canary]}))) is fine
    alone: Object = {"predictor": {framework: fields}}
    assert ("framework-field" not in ids(service(alone, mode="ModelMesh"))) is fine
    assert "framework-field" not in ids(service(alone))


def test_an_explainer_stores_where_it_may() -> None:
    for uri, fine in (("gs://m", False), ("s3://m", True), ("", True)):
        explainer = {"art": {"type": "SquareAttack", "storage": {}, "storageUri": uri}}
        assert ("framework-field" not in ids(service({"explainer": explainer}))) is fine


@pytest.mark.parametrize("field", ["model", "sklearn"])
def test_what_the_webhook_makes_of_a_model(field: str) -> None:
    found = serving.model(serving.predictor(service({"predictor": {field: MODEL}})))
    assert found
    assert found.spec["modelFormat"]["name"] == "sklearn"
    assert found.path == ("spec", "predictor", field)


@pytest.mark.parametrize(
    ("predictor", "uri", "protocol"),
    [
        ({"model": MODEL}, "s3://models/fraud", "v1"),
        ({"model": MODEL | {"protocolVersion": "v2"}}, "s3://models/fraud", "v2"),
        ({"triton": {"storageUri": "s3://m"}}, "s3://m", "v2"),
        ({"model": {"modelFormat": {"name": "vLLM"}}}, None, "v2"),
        ({"sklearn": {"storageUri": "s3://a"}, "model": {"storageUri": "s3://b"}}, "s3://a", "v1"),
        ({"containers": [{"name": "a", "env": [{"name": "STORAGE_URI", "value": "s3://m"}]}]}, "s3://m", "v1"),
        ({"containers": [{"name": "a", "env": [{"name": "STORAGE_URI"}]}]}, "", "v1"),
        ({"containers": [{"name": "a", "env": [{"name": "STORAGE_URI"}]}, {"name": "b"}]}, None, "v1"),
        (
            {
                "containers": [
                    {"name": "a"},
                    {"name": "transformer-container", "env": [{"name": "PROTOCOL", "value": "v2"}]},
                ]
            },
            None,
            "v2",
        ),
        ({}, None, "v1"),
    ],
)
def test_uri_and_protocol_as_kserve_reads_them(predictor: Object, uri: str | None, protocol: str) -> None:
    component = serving.predictor(service({"predictor": predictor}))
    found = serving.storage_uri(component)
    assert (found[1] if found else None) == uri
    assert serving.protocol(component) == protocol
