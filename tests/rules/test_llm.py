"""LLMInferenceServices and their configs: what KServe's webhooks refuse in each version, and what the controller cannot do."""

from __future__ import annotations

import csv
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gitops.environments import Environment
from gitops.objects import Object
from gitops.rules.base import Cluster, Inventory
from gitops.rules.llm_links import router_reference_exists
from gitops.rules.llm_workload import nodes, parallelism_kept
from tests.rules.judged import CASES, Edit, broken, cluster, edited

FAMILIES = "llm_workload llm_router llm_model llm_adapters llm_cache llm_devices llm_config llm_links"
POD = {"containers": [{"name": "main", "image": "i"}]}
M, R, P = "spec.model.", "spec.router.", "spec.parallelism."
GATEWAYS = [{"name": "g", "namespace": "n"}]


def llm(edit: Edit | None = None, old: bool = False) -> Object:
    """One that breaks no rule, with an edit. `old`: of v1alpha1."""
    made: Object = {
        "apiVersion": f"serving.kserve.io/{'v1alpha1' if old else 'v1alpha2'}",
        "kind": "LLMInferenceService",
        "metadata": {"name": "qwen", "namespace": "models"},
        "spec": {"model": {"uri": "hf://Qwen/Qwen3-8B", "name": "Qwen3"}, "template": POD},
    }
    return edited(made, edit or {})


def config(edit: Edit | None = None, name: str = "defaults", namespace: str = "models") -> Object:
    made: Object = {
        "apiVersion": "serving.kserve.io/v1alpha2",
        "kind": "LLMInferenceServiceConfig",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": POD},
    }
    return edited(made, edit or {})


def told(obj: Object, *objects: Object, complete: bool = False, **environment: Any) -> set[str]:
    return broken(obj, cluster(obj, *objects, complete=complete, **environment), only=FAMILIES)


def scaled(way: str) -> Object:
    return {"minReplicas": 1, "maxReplicas": 2, "wva": {way: {}}}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({}, set()),
        ({"spec.worker": POD}, {"workers-are-parallel"}),
        ({"spec.worker": POD, P + "tensor": 2}, {"workers-are-parallel"}),
        ({"spec.worker": POD, P + "pipeline": 2}, set()),
        ({"spec.worker": POD, P + "data": 4, P + "dataLocal": 2}, set()),
        ({"spec.worker": POD, P + "data": 4}, {"one-parallelism"}),
        ({P + "dataLocal": 4}, {"one-parallelism"}),
        ({P + "pipeline": 2, P + "data": 4, P + "dataLocal": 2}, {"one-parallelism"}),
        ({P + "pipeline": 2, P + "tensor": 4}, set()),
        ({"spec.prefill": {"worker": POD}}, {"workers-are-parallel"}),
        ({"spec.prefill": {"parallelism": {"data": 2}}}, {"one-parallelism"}),
        ({"spec.scaling": scaled("hpa"), "spec.prefill": {"scaling": scaled("keda")}}, {"one-autoscaler"}),
        ({"spec.scaling": scaled("keda"), "spec.prefill": {"scaling": scaled("keda")}}, set()),
        ({"spec.scaling": scaled("hpa"), "spec.prefill": {"replicas": 1}}, set()),
    ],
)
@pytest.mark.parametrize("old", [True, False])
def test_workloads(edit: Edit, expected: set[str], old: bool) -> None:
    assert told(llm(edit, old)) == expected


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({R + "route.http.refs": [{"name": "r"}]}, set()),
        ({R + "route.http.refs": [{"name": "r"}], R + "gateway": {}}, {"route-from-one-side"}),
        ({R + "route.http.refs": [{"name": "r"}], R + "gateway.refs": GATEWAYS}, set()),
        ({R + "route.http": {"refs": [{"name": "r"}], "spec": {}}}, {"route-from-one-side"}),
        ({R + "route.http": {"refs": [], "spec": {}}, R + "gateway": {}}, set()),
        ({R + "route.http.spec.parentRefs": GATEWAYS}, set()),
        ({R + "route.http.spec.parentRefs": [{"name": "x"}], R + "gateway.refs": GATEWAYS}, {"route-from-one-side"}),
        ({R + "route.http.spec.parentRefs": [], R + "gateway.refs": GATEWAYS}, set()),
        ({R + "route.group": "g"}, {"traffic-shared"}),
        ({R + "route.weight": 0}, {"traffic-shared"}),
        ({R + "route": {"group": "g", "weight": 1}}, set()),
        ({R + "route": {"group": "g", "weight": 1, "http": {"refs": [{"name": "r"}]}}}, {"traffic-shared"}),
        ({R + "route": {"group": "g", "weight": 1}, R + "ingress": {}}, {"traffic-shared"}),
        ({R + "ingress": {}}, set()),
        ({R + "scheduler.replicas": 0}, {"scheduler-runs"}),
        ({R + "scheduler.replicas": 1}, set()),
        ({R + "scheduler.config": {}}, {"scheduler-config"}),
        ({R + "scheduler.config": {"inline": {}}}, {"scheduler-config"}),
        ({R + "scheduler.config": {"inline": {"a": 1}}}, set()),
        ({R + "scheduler.config": {"ref": {"key": "k"}}}, {"scheduler-config"}),
        ({R + "scheduler.config": {"ref": {"name": "n", "key": "k"}}}, set()),
        ({R + "scheduler.config": {"inline": {"a": 1}, "ref": {"name": "n", "key": "k"}}}, {"scheduler-config"}),
    ],
)
@pytest.mark.parametrize("old", [True, False])
def test_routers(edit: Edit, expected: set[str], old: bool) -> None:
    assert told(llm(edit, old)) == expected


def test_a_second_list_of_gateways_is_refused_by_the_old_version_and_warned_of_by_the_new() -> None:
    both = {R + "route.http.spec.parentRefs": GATEWAYS, R + "gateway.refs": GATEWAYS}
    turned = [{"name": "h"}, *GATEWAYS]

    assert told(llm(both, old=True)) == {"route-from-one-side"}
    assert told(llm(both)) == {"parent-refs-derived"}
    assert told(llm({**both, R + "route.http.spec.parentRefs": turned})) == {"route-from-one-side"}
    assert told(llm({R + "route.http.spec.parentRefs": turned, R + "gateway.refs": turned[::-1]})) == {
        "parent-refs-derived"
    }


KV = "spec.kvCacheOffloading"
DRA = "metadata.annotations.serving.kserve.io/exp-dra-"


def cache(tier: Any, cpu: Any = "1Gi") -> Edit:
    return {KV: {"cpu": cpu, "secondary": [tier]}}


def lora(*adapters: Any) -> Edit:
    return {M + "lora.adapters": list(adapters)}


ADAPTER = {"name": "a", "uri": "hf://a/b"}
SPEC = {"accessModes": ["ReadWriteOnce"]}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (cache({"fileSystem": {"emptyDir": {"size": "1Gi"}}}), set()),
        (cache({"fileSystem": {"emptyDir": {"size": "1Gi"}}}, "0"), {"cache-in-memory-first"}),
        ({KV: {"cpu": "0"}}, set()),
        (cache({}), {"cache-tier"}),
        (cache({"fileSystem": {}}), {"cache-tier"}),
        (cache({"fileSystem": {"pvc": {}}}), {"cache-tier"}),
        (cache({"fileSystem": {"pvc": {"ref": {"name": "c"}}}}), set()),
        (cache({"fileSystem": {"pvc": {"ref": {"name": ""}}}}), {"cache-tier"}),
        (cache({"fileSystem": {"pvc": {"ref": {"name": "c"}, "spec": SPEC}}}), {"cache-tier"}),
        (cache({"fileSystem": {"pvc": {"spec": SPEC}, "emptyDir": {"size": "1Gi"}}}), {"cache-tier"}),
        ({DRA + "device-class": "gpu.nvidia.com"}, set()),
        ({DRA + "device-class": " gpu "}, set()),
        ({DRA + "device-class": ""}, {"device-annotations"}),
        ({DRA + "device-class": "a..b"}, {"device-annotations"}),
        ({DRA + "device-count": "1"}, {"device-annotations"}),
        ({DRA + "device-class": "g", DRA + "device-count": "+2"}, set()),
        ({DRA + "device-class": "g", DRA + "device-count": ""}, set()),
        ({DRA + "device-class": "g", DRA + "device-count": "1_0"}, {"device-annotations"}),
        ({DRA + "device-class": "g", DRA + "device-count": "9223372036854775808"}, {"device-annotations"}),
        ({DRA + "device-class": "g", DRA + "cel-selector": " \n"}, {"device-annotations"}),
        ({DRA + "device-class": "g", DRA + "container-name": "a.b"}, {"device-annotations"}),
        ({"metadata.annotations.serving.kserve.io/dra-device-class": "g"}, {"device-annotation-name"}),
        ({M + "confidential": {"enabled": True, "resourceId": "x"}}, {"confidential-key"}),
        ({M + "confidential": {"enabled": False, "resourceId": "x"}}, set()),
        ({M + "confidential": {"enabled": True, "resourceId": "kbs:///a/b/c"}}, set()),
        ({M + "confidential": {"enabled": True}, M + "uri": "oci://a/b"}, {"confidential-is-decrypted"}),
        (lora(ADAPTER, {**ADAPTER, "name": "b"}), set()),
        (lora(ADAPTER, ADAPTER), {"adapter-named"}),
        (lora({**ADAPTER, "name": ".."}), {"adapter-named"}),
        (lora({**ADAPTER, "name": "Qwen3"}), {"adapter-named"}),
        ({**lora({**ADAPTER, "name": "qwen"}), M + "name": None}, {"adapter-named"}),
        (lora({"uri": "hf://a/b"}), {"adapter-named"}),
        (lora({**ADAPTER, "name": 7}), {"adapter-form"}),
        (lora({**ADAPTER, "lora": {"maxRank": 2**31}}), {"adapter-form"}),
        (lora({**ADAPTER, "confidential": {"enabled": "yes"}}), {"adapter-form"}),
        (lora({**ADAPTER, "uri": "%"}), {"adapter-form", "adapter-uri"}),
        ({M + "lora.adapters": "a"}, {"adapter-form"}),
        (lora({**ADAPTER, "uri": "oci://a/b"}), {"adapter-uri"}),
        ({**lora(ADAPTER), "spec.storageInitializer.enabled": False}, {"adapter-uri"}),
    ],
)
def test_what_only_the_new_version_has(edit: Edit, expected: set[str]) -> None:
    assert told(llm(edit)) == expected


def test_the_old_version_is_not_judged_by_the_rules_of_the_new() -> None:
    assert told(llm(lora(ADAPTER, ADAPTER), old=True)) == set()
    assert told(llm({DRA + "device-count": "x"}, old=True)) == set()
    assert told(llm(lora({**ADAPTER, "criticality": 1}), old=True)) == {"adapter-form"}


@pytest.mark.parametrize(
    ("release", "edit", "old", "expected"),
    [
        ("0.16.0", {R + "scheduler.replicas": 0}, True, set()),
        ("0.17.0", {R + "scheduler.replicas": 0}, True, {"scheduler-runs"}),
        ("0.16.0", {R + "route": {}, R + "gateway.refs": GATEWAYS}, True, {"route-from-one-side"}),
        ("0.17.0", {R + "route": {}, R + "gateway.refs": GATEWAYS}, True, set()),
        ("0.16.0", {R + "route.http.spec": {}, R + "gateway.refs": GATEWAYS}, True, {"route-from-one-side"}),
        ("0.17.0", {R + "route.http.spec": {}, R + "gateway.refs": GATEWAYS}, True, set()),
        ("0.17.0", {"spec.scaling": scaled("hpa"), "spec.prefill": {"scaling": scaled("keda")}}, False, set()),
        ("0.18.0", {"spec.scaling": scaled("hpa"), "spec.prefill": {"scaling": scaled("keda")}}, True, set()),
        ("0.18.0", {"spec.scaling": scaled("hpa"), "spec.prefill": {"scaling": scaled("keda")}}, False, {"one-autoscaler"}),
        ("0.18.0", lora(ADAPTER, ADAPTER), False, set()),
        ("0.19.0", lora(ADAPTER, ADAPTER), False, {"adapter-named"}),
        ("0.19.0", {R + "route.group": "g"}, False, set()),
        ("0.19.0", cache({}), False, set()),
        ("0.19.0", {M + "uri": "oci+native://a/b"}, False, {"model-uri-scheme"}),
        ("0.20.0", {M + "uri": "oci+native://a/b"}, False, set()),
    ],
)  # fmt: skip
def test_each_release_has_its_own_rules(release: str, edit: Edit, old: bool, expected: set[str]) -> None:
    assert told(llm(edit, old), crds={"kserve": release}) == expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("hf://a/b", set()),
        ("HF://a/b", set()),
        ("s3://a/b", set()),
        ("pvc://a/b", set()),
        ("gs://a/b", {"model-uri-scheme"}),
        ("https://a/b", {"model-uri-scheme"}),
        ("a/b", {"model-uri-scheme"}),
        ("hf://a/%zz", {"model-uri-readable"}),
        (":a", {"model-uri-readable"}),
    ],
)
def test_the_uri_of_a_model(uri: str, expected: set[str]) -> None:
    assert told(llm({M + "uri": uri})) == expected


def test_a_container_may_fetch_the_model_itself() -> None:
    assert told(llm({M + "uri": "gs://a/b", "spec.storageInitializer.enabled": False})) == set()
    assert told(llm({M + "uri": "a/b", "spec.storageInitializer.enabled": False})) == {"model-uri-scheme"}


ARGS = "spec.template.containers.0.args"


@pytest.mark.parametrize(
    ("text", "of_config", "of_service"),
    [
        ("{{ .Spec.Model.Name }}", False, False),
        ("{{ .ObjectMeta.Namespace }}{{ .GlobalConfig.EnableTLS }}", False, False),
        ("{{ .GetName }}", False, False),
        ("{{ .Model.Name }}", True, True),
        ("{{ .Spec.Modell }}", True, True),
        ("{{ .GlobalConfig.GetName }}", True, True),
        ("{{ .Labels.team }}", True, False),
        ("{{ .ObjectMeta.Annotations.team }}", True, False),
        ("{{ index .Labels `team` }}", False, False),
        ("{{ lower .Name }}", True, True),
    ],
)
def test_templates(text: str, of_config: bool, of_service: bool) -> None:
    assert told(config({ARGS: [text]})) == ({"config-template"} if of_config else set())
    assert told(llm({ARGS: [text]})) == ({"service-template"} if of_service else set())


def test_functions_of_templates_came_with_releases() -> None:
    offloading = config({ARGS: ["{{ kvTransferConfig .Spec.KVCacheOffloading }}"]})

    assert told(offloading) == set()
    assert told(offloading, crds={"kserve": "0.19.0"}) == {"config-template"}


def test_a_config_takes_nothing_over_and_its_scheduler_runs() -> None:
    assert told(config({"spec.baseRefs": [{"name": "a"}]})) == {"config-without-base"}
    assert told(config({R + "scheduler.replicas": 0})) == {"scheduler-runs"}
    assert told(config({"spec.worker": POD})) == set()


def test_configs_are_looked_for_here_and_in_the_namespace_of_kserve() -> None:
    based = llm({"spec.baseRefs": [{"name": "defaults"}]})

    assert told(based) == set()
    assert told(based, complete=True) == {"base-config-exists"}
    assert told(based, config(), complete=True) == set()
    assert told(based, config(namespace="kserve"), complete=True) == set()
    assert told(based, config(namespace="other"), complete=True) == {"base-config-exists"}
    assert told(llm({"spec.baseRefs": [{"name": "kserve-config-llm-tracing"}]}), complete=True) == set()


def test_a_pipeline_needs_a_config_of_ones_own() -> None:
    spread = {"spec.worker": POD, P + "pipeline": 2}
    decode = config(name="kserve-config-llm-decode-worker-pipeline-parallel")

    assert told(llm(spread), complete=True) == {"pipeline-config-exists"}
    assert told(llm(spread), config(name="kserve-config-llm-worker-pipeline-parallel"), complete=True) == set()
    assert told(llm({**spread, "spec.prefill": {}}), decode, complete=True) == set()
    assert told(llm({**spread, "spec.baseRefs": [{"name": "defaults"}]}), config(), complete=True) == set()


def test_the_configuration_of_a_scheduler_is_looked_for() -> None:
    def named(name: str) -> Object:
        return llm({R + "scheduler.config": {"ref": {"name": name, "key": "epp"}}})

    def made(name: str, namespace: str) -> Object:
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}

    assert told(named("a"), complete=True) == {"router-reference-exists"}
    assert told(named("a"), made("a", "models"), complete=True) == set()
    assert told(named("a"), made("a", "kserve"), complete=True) == {"router-reference-exists"}
    assert told(named("config-scheduler-a"), made("config-scheduler-a", "kserve"), complete=True) == set()


@pytest.mark.parametrize(("scope", "missing"), [("Namespaced", 3), (None, 0)])
def test_gateways_routes_and_pools_are_looked_for_where_their_kinds_are_known(scope: str | None, missing: int) -> None:
    schemas: Any = SimpleNamespace(scope=lambda version, kind: scope)
    environment = Environment(name="test", namespace="models", kubernetes="1.34")
    where = Cluster(environment, schemas, Inventory((), schemas, "models"), complete=True)
    edit = {R + "gateway.refs": GATEWAYS, R + "route.http.refs": [{"name": "r"}], R + "scheduler.pool.ref.name": "p"}

    assert len(list(router_reference_exists.judge(llm(edit), where))) == missing


@pytest.mark.parametrize(
    ("parallelism", "count"),
    [
        (None, 1),
        ({}, 1),
        ({"tensor": 8}, 1),
        ({"pipeline": 3}, 3),
        ({"data": 8, "dataLocal": 2}, 4),
        ({"data": 1, "dataLocal": 2}, 1),
        ({"data": 8}, 8),
        ({"dataLocal": 2, "pipeline": 5}, 1),
    ],
)
def test_nodes_are_counted_as_the_webhook_does(parallelism: Object | None, count: int) -> None:
    assert nodes(parallelism) == count
    before, after = llm({"spec.parallelism": {"pipeline": 3}}), llm({"spec.parallelism": parallelism})
    assert (list(parallelism_kept.judge(before, after, cluster())) == []) is (count == 3)


def test_a_workload_that_comes_new_may_have_any_size() -> None:
    before, after = llm(), llm({"spec.prefill": {"parallelism": {"pipeline": 3}}})

    assert list(parallelism_kept.judge(before, after, cluster())) == []


_ANYTHING = st.recursive(st.none() | st.booleans() | st.integers(-(2**33), 2**33) | st.text(max_size=3), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "uri", "lora", "adapters", "maxRank", "confidential"]), inner, max_size=3), max_leaves=8)  # fmt: skip


@given(_ANYTHING)
def test_adapters_of_any_form_are_judged(value: Any) -> None:
    assert told(llm({M + "lora": {"adapters": value}})) <= {"adapter-form", "adapter-named", "adapter-uri"}


@pytest.mark.skipif(not CASES.exists(), reason="real manifests are in ../shared, which is for us and CI only")
def test_the_mistakes_of_the_index_that_a_webhook_refuses() -> None:
    with (CASES / "INDEX-invalid.csv").open(encoding="utf-8") as file:
        rows = [
            row for row in csv.DictReader(file) if row["kind"].startswith("LLM") and row["rejected_by"] == "webhook"
        ]
    assert rows
    for row in rows:
        obj = yaml.safe_load((CASES / row["file"]).read_text(encoding="utf-8"))
        assert told(obj), row["file"]
