"""Amounts, ports and names: what pods, Knative and Services refuse, and what drifts."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from ruamel.yaml import YAML

from gitops.objects import Object
from gitops.rules.base import Cluster
from gitops.rules.judge import Bench, faults
from gitops.rules.table import BY_ID
from tests.rules.judged import CASES, Edit, broken, cluster, service

FAMILIES = "amounts drift names_taken ports"
P = "spec.predictor."


def told(edit: Edit, mode: str = "Standard", *objects: Object, **environment: Any) -> set[str]:
    obj = service(edit, mode)
    return broken(obj, cluster(obj, *objects, **environment), only=FAMILIES)


def resources(requests: Edit | None = None, limits: Edit | None = None) -> Edit:
    return {**({"requests": requests} if requests else {}), **({"limits": limits} if limits else {})}


def custom(**container: Any) -> Edit:
    return {P + "model": None, P + "containers": [{"name": "kserve-container", "image": "i", **container}]}


@pytest.mark.parametrize(
    ("amounts", "in_model", "in_custom"),
    [
        (resources(), set(), set()),
        (resources({"cpu": "1"}, {"cpu": "1"}), set(), set()),
        (resources({"cpu": "4"}, {"cpu": "1"}), {"request-within-limit"}, {"request-within-limit"}),
        (resources({"memory": "1Gi"}, {"memory": "1G"}), {"request-within-limit"}, {"request-within-limit"}),
        (resources({"memory": "4Gi"}), {"amount-beside-runtime"}, {"amount-beside-default"}),
        (resources({"memory": "2Gi"}), set(), set()),
        (resources(None, {"cpu": "500m"}), {"amount-beside-runtime"}, {"amount-beside-default"}),
        (resources(None, {"cpu": "2"}), set(), set()),
        (resources(None, {"nvidia.com/gpu": "1"}), set(), set()),
        (resources({"nvidia.com/gpu": "1"}), set(), {"device-limits"}),
        (resources({"nvidia.com/gpu": "1"}, {"nvidia.com/gpu": "2"}), {"device-limits"}, {"device-limits"}),
        (resources(None, {"nvidia.com/gpu": "500m"}), {"device-limits"}, {"device-limits"}),
        (resources({"cpu": "1000m"}, {"cpu": "1"}), {"quantity-spelling"}, {"quantity-spelling"}),
        (resources({"cpu": 1}, {"cpu": "1"}), {"quantity-spelling"}, {"quantity-spelling"}),
        (resources({"memory": "2048Mi"}, {"memory": "2Gi"}), {"quantity-spelling"}, {"quantity-spelling"}),
    ],
)
def test_amounts_fit_each_other(amounts: Edit, in_model: set[str], in_custom: set[str]) -> None:
    assert told({P + "model.resources": amounts}) == in_model
    assert told(custom(resources=amounts)) == in_custom
    assert told({"spec.transformer": {"containers": [{"name": "t", "image": "t", "resources": amounts}]}}) == in_custom


def runtime(**container: Any) -> Object:
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ServingRuntime",
        "metadata": {"name": "kserve-sklearnserver", "namespace": "models"},
        "spec": {
            "containers": [{"name": "kserve-container", "image": "i", **container}],
            "supportedModelFormats": [{"name": "sklearn"}],
        },
    }


def test_the_amounts_of_the_runtime_in_the_inventory_count() -> None:
    large = {P + "model.resources": resources({"memory": "4Gi"})}

    assert told(large, "Standard", runtime(resources=resources(None, {"memory": "8Gi"}))) == set()
    assert told(large, "Standard", runtime()) == set()
    assert told(large, "Standard", kserve={"runtimes": ["kserve-sklearnserver"]}) == {"amount-beside-runtime"}
    assert told({**large, P + "model.runtime": "own"}, provides=[{"kind": "ServingRuntime", "name": "own"}]) == set()
    assert told({**large, P + "model.runtime": None}) == {"amount-beside-runtime"}


def test_amounts_of_the_pod_are_no_amounts_of_the_model() -> None:
    assert told({P + "resources": resources(None, {"memory": "4Gi"})}) == {"pod-level-amounts"}


def port(number: int, name: str | None = None, **more: Any) -> Edit:
    return {"containerPort": number, "protocol": "TCP", **({"name": name} if name else {}), **more}


@pytest.mark.parametrize(
    ("ports", "knative", "standard"),
    [
        ([port(8080)], set(), set()),
        ([port(8081, "h2c")], set(), set()),
        ([port(8080, "http1")], set(), set()),
        ([port(8080, "http")], {"knative-port"}, set()),
        ([port(8081, "grpc-port")], {"knative-port"}, set()),
        ([port(8080, "http1"), port(8081, "h2c")], {"knative-port"}, set()),
        ([port(8080), port(8081)], {"knative-port"}, {"ports-named"}),
        ([port(8080, "a"), port(8081, "a")], {"knative-port"}, {"ports-named"}),
        ([port(9091)], {"knative-port"}, set()),
        ([port(8080, protocol="UDP")], {"knative-port"}, set()),
        ([port(8080, hostPort=8080)], {"knative-port"}, set()),
        ([{"containerPort": 8080}], {"port-protocol"}, {"port-protocol"}),
    ],
)
def test_ports_suit_the_mode(ports: list[Edit], knative: set[str], standard: set[str]) -> None:
    assert told({P + "model.ports": ports}, "Knative") == knative
    assert told({P + "model.ports": ports}, "Standard") == standard
    assert told(custom(ports=ports), "Knative") == knative


def test_ports_of_all_containers_count_in_knative_mode() -> None:
    both = {P + "model.ports": [port(8080)], P + "containers": [{"name": "side", "image": "i", "ports": [port(9000)]}]}

    assert told(both, "Knative") == {"knative-port"}
    assert told(both, "Standard") == set()


GRPC = {
    P + "model.protocolVersion": "grpc-v2",
    P + "model.modelFormat.name": "triton",
    P + "model.runtime": "kserve-tritonserver",
}


@pytest.mark.parametrize(
    ("ports", "mode", "expected"),
    [
        (None, "Standard", {"grpc-port"}),
        (None, "Knative", {"grpc-port"}),
        ([port(9000, "h2c")], "Knative", set()),
        ([port(9000, "grpc-port")], "Standard", set()),
        ([port(9000, "predict")], "Standard", {"grpc-port"}),
        ([port(8080, "http"), port(9000, "grpc")], "Standard", set()),
    ],
)
def test_grpc_has_a_port(ports: list[Edit] | None, mode: str, expected: set[str]) -> None:
    assert told({**GRPC, P + "model.ports": ports}, mode) == expected


def test_a_runtime_may_open_the_port() -> None:
    asked = {P + "model.protocolVersion": "grpc-v2"}

    assert told(asked, "Standard", runtime(ports=[port(9000, "h2c")])) == set()
    assert told(asked, "Standard", runtime()) == {"grpc-port"}


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        ({"httpGet": {"path": "/"}}, {"probe-port"}),
        ({"httpGet": {"path": "/", "port": 8080}}, set()),
        ({"tcpSocket": {"port": "http"}}, set()),
        ({"exec": {"command": ["true"]}}, set()),
    ],
)
def test_a_probe_has_a_port_in_standard_mode(probe: Edit, expected: set[str]) -> None:
    assert told({P + "model.readinessProbe": probe}) == expected
    assert told(custom(livenessProbe=probe)) == expected
    assert told({P + "model.readinessProbe": probe}, "Knative") == set()


def named(kind: str, api: str, name: str, namespace: str = "models") -> Object:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": {}}


@pytest.mark.parametrize(
    ("other", "knative", "standard"),
    [
        (named("Service", "v1", "digits"), {"name-taken"}, set()),
        (named("Service", "v1", "digits-predictor"), {"name-taken"}, {"name-taken"}),
        (named("Deployment", "apps/v1", "digits-predictor"), set(), {"name-taken"}),
        (named("Ingress", "networking.k8s.io/v1", "digits"), set(), {"name-taken"}),
        (named("InferenceGraph", "serving.kserve.io/v1alpha1", "digits"), {"name-taken"}, {"name-taken"}),
        (named("Service", "v1", "digits", "other"), set(), set()),
        (named("Service", "v1", "digits-transformer"), set(), set()),
    ],
)
def test_names_of_what_kserve_makes_are_free(other: Object, knative: set[str], standard: set[str]) -> None:
    assert told({}, "Knative", other) == knative
    assert told({}, "Standard", other) == standard


def test_mount_paths_are_written() -> None:
    assert told({P + "model.storageUri": None, P + "storageUris": [{"uri": "s3://a/b"}]}) == {"mount-path-written"}


def examples() -> list[Any]:
    if not (CASES / "INDEX-invalid.csv").exists():
        return [pytest.param({}, marks=pytest.mark.skip(reason="../shared is not here"))]
    with (CASES / "INDEX-invalid.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["file"].removesuffix(".yaml") in COVERED]


COVERED = {
    "invalid/isvc-concurrency-negative": "concurrency-not-negative",
    "invalid/isvc-cpu-metric-serverless": "scale-metric",
    "invalid/isvc-keda-query-empty": "autoscaling-metrics",
    "invalid/isvc-keda-scalemetric": "scale-metric",
    "invalid/isvc-logger-mode-missing": "logger-mode",
    "invalid/isvc-minreplicas-negative": "replicas-in-order",
    "invalid/isvc-modelformat-case": "runtime-found",
    "invalid/isvc-modelformat-unsupported": "runtime-found",
    "invalid/isvc-probe-port-missing": "probe-port",
    "invalid/isvc-requests-gt-limits": "request-within-limit",
    "invalid/isvc-resources-in-predictor-accepted": "pod-level-amounts",
    "invalid/isvc-storage-no-path-modelmesh": "model-has-storage",
    "invalid/isvc-storageuri-single-slash": "storage-uri-local",
    "invalid/isvc-storageuris-dotdot": "mount-path",
    "invalid/isvc-storageuris-no-common-parent": "mount-paths-together",
}


@pytest.mark.parametrize("row", examples(), ids=lambda row: row.get("file", ""))
def test_what_real_clusters_said_is_said_here(row: dict[str, str]) -> None:
    """A rule of the layer `admission` is broken exactly where the API server refused."""
    text = (CASES / row["file"]).read_text(encoding="utf-8")
    obj = YAML(typ="safe").load(text)
    standard = "probe-port" in row["file"]
    kserve = {"deployment_mode": "Standard"} if standard else {}
    found = broken(obj, cluster(obj, complete=True, kserve=kserve))

    assert COVERED[row["file"].removesuffix(".yaml")] in found
    refused = {rule for rule in found if rule in BY_ID and BY_ID[rule].layer == "admission"}
    assert bool(refused) is (row["verdict"] == "reject")


def fixes(obj: Object, rule: str) -> list[Any]:
    where: Cluster = cluster(obj, complete=True)
    bench = Bench([BY_ID[rule]], where.environment, (BY_ID[rule].layer,))
    return [fault.fix and fault.fix.value for fault in faults(obj, where, bench)]


@pytest.mark.parametrize(
    ("rule", "edit", "value"),
    [
        ("quantity-spelling", {P + "model.resources": resources({"cpu": 1})}, "1"),
        ("quantity-spelling", {P + "model.resources": resources({"memory": "1024Mi"})}, "1Gi"),
        ("port-protocol", {P + "model.ports": [{"containerPort": 8080}]}, "TCP"),
        ("logger-mode", {P + "logger": {"url": "http://sink"}}, "all"),
        ("runtime-format", {P + "model.modelFormat.name": "SKlearn"}, "sklearn"),
        ("runtime-format", {P + "model.modelFormat.name": "skleam"}, None),
        ("runtime-found", {P + "model.modelFormat.name": "VLLM", P + "model.runtime": None}, "vLLM"),
    ],
)
def test_what_can_only_be_meant_so_is_mended(rule: str, edit: Edit, value: str | None) -> None:
    assert fixes(service(edit, "Standard"), rule) == [value]
