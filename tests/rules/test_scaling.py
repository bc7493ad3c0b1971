"""Replicas, metrics and what handles requests: each rule, each mode, each release that differs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.judged import Edit, broken, cluster, service

FAMILIES = "scaling scaling_metrics autoscalers requests"
P = "spec.predictor."
CLASS = "metadata.annotations.serving.kserve.io/autoscalerClass"
KNATIVE_CLASS = "metadata.annotations.autoscaling.knative.dev/class"
HPA = "hpa.autoscaling.knative.dev"


def told(edit: Edit, mode: str | None, **environment: Any) -> set[str]:
    obj = service(edit, mode)
    return broken(obj, cluster(obj, **environment), only=FAMILIES)


def metrics(*each: Edit) -> Edit:
    return {P + "autoScaling": {"metrics": list(each)}}


def resource(name: str, **target: Any) -> Edit:
    return {"type": "Resource", "resource": {"name": name, "target": target}}


def external(query: str = "up", **target: Any) -> Edit:
    metric = {"backend": "prometheus", "serverAddress": "http://p:9090", "query": query}
    return {"type": "External", "external": {"metric": metric, "target": target}}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({}, set()),
        ({P + "minReplicas": 0}, set()),
        ({P + "minReplicas": -1}, {"replicas-in-order"}),
        ({P + "maxReplicas": -1}, {"replicas-in-order"}),
        ({P + "minReplicas": 3}, set()),
        ({P + "minReplicas": 3, P + "maxReplicas": 0}, set()),
        ({P + "minReplicas": 3, P + "maxReplicas": 3}, set()),
        ({P + "minReplicas": 3, P + "maxReplicas": 2}, {"replicas-in-order"}),
        ({P + "maxReplicas": 1}, set()),
        ({"spec.transformer": {"containers": [{"name": "t", "image": "t"}], "minReplicas": 2, "maxReplicas": 1}}, {"replicas-in-order"}),
        ({P + "containerConcurrency": 0}, set()),
        ({P + "containerConcurrency": -1}, {"concurrency-not-negative"}),
    ],
)  # fmt: skip
def test_numbers_are_in_order_in_any_mode(edit: Edit, expected: set[str]) -> None:
    assert told(edit, "Knative") == expected


@pytest.mark.parametrize(
    ("mode", "autoscaler", "metric", "expected"),
    [
        ("Knative", "", "cpu", {"scale-metric"}),
        ("Knative", "", "concurrency", set()),
        ("Knative", "", "rps", set()),
        (None, "", "cpu", {"scale-metric"}),
        ("Raw", "", "cpu", {"scale-metric"}),
        ("Serverless", "", "memory", {"scale-metric"}),
        ("Standard", "hpa", "rps", {"scale-metric"}),
        ("Standard", "hpa", "cpu", set()),
        ("RawDeployment", "hpa", "concurrency", {"scale-metric"}),
        ("Standard", "", "concurrency", {"scale-metric-works"}),
        ("Standard", "", "memory", {"scale-metric-works"}),
        ("Standard", "", "cpu", set()),
        ("Standard", "keda", "cpu", {"scale-metric", "keda-triggers"}),
        ("Standard", "none", "concurrency", {"scaling-ignored"}),
        ("Standard", "external", "cpu", {"scaling-ignored"}),
    ],
)
def test_a_metric_fits_the_autoscaler(mode: str | None, autoscaler: str, metric: str, expected: set[str]) -> None:
    assert told({P + "scaleMetric": metric, **({CLASS: autoscaler} if autoscaler else {})}, mode) == expected


def test_without_annotation_the_mode_of_the_environment_decides() -> None:
    standard = {"deployment_mode": "Standard"}

    assert told({P + "scaleMetric": "cpu"}, None, kserve=standard) == set()
    assert told({P + "scaleMetric": "rps", CLASS: "hpa"}, None, kserve=standard) == {"scale-metric"}


@pytest.mark.parametrize(
    ("release", "mode", "expected"),
    [("0.15.2", "RawDeployment", set()), ("0.15.2", "Standard", {"scale-metric"}), ("0.16.0", "Standard", set()), ("0.16.0", "RawDeployment", {"scale-metric"}), ("0.17.0", "RawDeployment", set())],
)  # fmt: skip
def test_the_spelling_of_the_mode_counts_by_release(release: str, mode: str, expected: set[str]) -> None:
    edit = {P + "scaleMetric": "cpu", CLASS: "hpa"}

    assert told(edit, mode, crds={"kserve": release}) & {"scale-metric"} == expected


@pytest.mark.parametrize(
    ("mode", "edit", "expected"),
    [
        ("Standard", {CLASS: "hpa", P + "scaleTarget": 100}, set()),
        ("Standard", {CLASS: "hpa", P + "scaleTarget": 101}, {"scale-target"}),
        ("Standard", {CLASS: "hpa", P + "scaleTarget": 0}, {"scale-target"}),
        ("Standard", {CLASS: "hpa", P + "scaleMetric": "memory", P + "scaleTarget": 500}, {"scale-target"}),
        ("Standard", {P + "scaleTarget": 0}, {"scale-target-works"}),
        ("Standard", {P + "scaleTarget": 150}, set()),
        ("Knative", {P + "scaleMetric": "rps", P + "scaleTarget": 0}, {"scale-target"}),
        ("Knative", {P + "scaleMetric": "rps", P + "scaleTarget": 1000}, set()),
        ("Knative", {P + "scaleTarget": 0}, {"scale-target-works"}),
        ("Knative", {KNATIVE_CLASS: HPA, P + "scaleTarget": 101}, {"scale-target"}),
        ("Knative", {KNATIVE_CLASS: HPA, P + "scaleMetric": "rps"}, {"scale-metric"}),
        ("Standard", {CLASS: "hpa", P + "scaleMetric": "memory"}, {"scale-metric-works"}),
    ],
)  # fmt: skip
def test_a_target_is_one_that_can_be_aimed_at(mode: str, edit: Edit, expected: set[str]) -> None:
    assert told(edit, mode) == expected


ADMITTED = {"autoscaling-metrics"}


@pytest.mark.parametrize(
    ("metric", "by_hpa", "by_keda"),
    [
        (resource("cpu", type="Utilization", averageUtilization=70), set(), set()),
        (resource("cpu", type="Utilization", averageUtilization=0), {"scale-target-works"}, ADMITTED),
        (resource("cpu", type="Utilization", averageUtilization=101), set(), ADMITTED),
        (resource("cpu", type="Utilization"), set(), ADMITTED),
        (resource("cpu", type="AverageValue", averageValue="1"), set(), ADMITTED),
        (resource("memory", type="AverageValue", averageValue="1Mi"), set(), set()),
        (resource("memory", type="AverageValue", averageValue="1000Ki"), set(), ADMITTED),
        (resource("memory", type="AverageValue", averageValue=1048576), set(), set()),
        (resource("memory", type="AverageValue"), {"scale-target-works"}, ADMITTED),
        (resource("memory", type="Value", value="1Gi"), {"scale-target-works"}, ADMITTED),
        (resource("memory", type="Utilization"), {"scale-target-works"}, ADMITTED),
        ({"type": "Resource"}, ADMITTED, ADMITTED),
        (external(type="Value", value="10"), {"autoscaling-metrics", "scaling-ignored"}, set()),
        (external(query="", type="Value", value="10"), {"autoscaling-metrics", "scaling-ignored"}, ADMITTED),
        (external(type="AverageValue", averageValue="10"), {"autoscaling-metrics", "scaling-ignored"}, ADMITTED),
        (external(type="AverageValue", averageValue="10", value="10"), {"autoscaling-metrics", "scaling-ignored"}, set()),
        (external(type="AverageValue", value="10"), {"autoscaling-metrics", "scaling-ignored"}, ADMITTED),
        ({"type": "External"}, {"autoscaling-metrics", "scaling-ignored"}, ADMITTED),
    ],
)  # fmt: skip
def test_each_metric_is_whole(metric: Edit, by_hpa: set[str], by_keda: set[str]) -> None:
    assert told({CLASS: "hpa", **metrics(metric)}, "Standard") == by_hpa
    assert told({CLASS: "keda", **metrics(metric)}, "Standard") == by_keda
    assert told(metrics(metric), "Knative") == {"scaling-ignored"}


@pytest.mark.parametrize(
    ("mode", "edit", "expected"),
    [
        ("Knative", {}, set()),
        ("Knative", {KNATIVE_CLASS: HPA}, {"scale-to-zero-works"}),
        ("Standard", {}, {"scale-to-zero-works"}),
        ("Standard", {CLASS: "hpa"}, {"scale-to-zero-works"}),
        ("Standard", {CLASS: "none"}, set()),
        ("Standard", {CLASS: "external"}, set()),
        ("Standard", {CLASS: "keda", **metrics(external(type="Value", value="1"))}, set()),
        ("Standard", {CLASS: "keda", **metrics(resource("cpu", type="Utilization", averageUtilization=70))}, {"scale-to-zero-works"}),
    ],
)  # fmt: skip
def test_zero_replicas_are_reached_and_left_again(mode: str, edit: Edit, expected: set[str]) -> None:
    assert told({P + "minReplicas": 0, **edit}, mode) == expected


@pytest.mark.parametrize(
    ("mode", "edit", "expected"),
    [
        ("Knative", {CLASS: "hpa"}, {"scaling-ignored"}),
        ("Standard", {CLASS: "keda"}, {"keda-triggers"}),
        ("Standard", {CLASS: "keda", P + "scaleTarget": 5, **metrics(external(type="Value", value="1"))}, {"scaling-ignored"}),
        ("Standard", {P + "scaleTarget": 5, **metrics(resource("cpu", type="Utilization", averageUtilization=70))}, {"scaling-ignored"}),
        ("Standard", {CLASS: "none", **metrics(resource("cpu", type="Utilization"))}, {"scaling-ignored"}),
        ("ModelMesh", {P + "scaleMetric": "cpu"}, {"scale-metric"}),
    ],
)  # fmt: skip
def test_what_no_autoscaler_reads_is_told(mode: str, edit: Edit, expected: set[str]) -> None:
    assert told(edit, mode) == expected


LOGGED = {"path": "p", "parameters": {"type": "s3"}, "key": "k"}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({P + "logger": {"mode": "all"}}, set()),
        ({P + "logger": {"url": "http://sink"}}, {"logger-mode"}),
        ({P + "logger": {}}, {"logger-mode"}),
        ({P + "logger": {"mode": "request", "storage": LOGGED}}, set()),
        ({P + "logger": {"mode": "request", "storage": {"path": "p"}}}, {"logger-storage"}),
        ({P + "timeout": -1}, {"timeout-not-negative"}),
        ({P + "timeout": 60}, set()),
        ({P + "batcher": {"maxBatchSize": 32, "maxLatency": 5000}}, set()),
        ({P + "batcher": {"maxBatchSize": 0}}, {"batch-size"}),
        ({P + "batcher": {"maxLatency": -5}}, {"batch-size"}),
        ({P + "batcher": {"timeout": 60}}, {"handling-ignored"}),
        ({"spec.explainer": {"containers": [{"name": "e", "image": "e"}], "batcher": {"maxBatchSize": 0}}}, {"handling-ignored"}),
        ({"spec.transformer": {"containers": [{"name": "t", "image": "t"}], "logger": {"mode": "all", "storage": LOGGED}}}, {"handling-ignored"}),
    ],
)  # fmt: skip
def test_requests_are_handled_as_written(edit: Edit, expected: set[str]) -> None:
    assert told(edit, "Standard") == expected


def test_log_storage_is_looked_at_from_0_16() -> None:
    edit = {P + "logger": {"mode": "all", "storage": {"path": "p"}}}

    assert told(edit, "Standard", crds={"kserve": "0.15.2"}) & {"logger-storage"} == set()


def test_a_value_that_the_schema_refuses_is_not_told_twice() -> None:
    assert broken(service({P + "logger": {"mode": "some"}}), only=FAMILIES) == {"not-allowed"}
    assert broken(service({P + "minReplicas": "3", P + "maxReplicas": 2}), only=FAMILIES) == {"wrong-type"}
