"""The rules of InferenceServices against tables, ports of KServe's own code, and real mistakes of others."""

from __future__ import annotations

import copy
import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops.faults import Fix
from gitops.faults import Path as Place
from gitops.objects import Object
from gitops.rules import serving
from gitops.rules.base import Rule, at
from gitops.rules.judge import Bench, faults
from gitops.rules.multinode_runtime import Gpus
from gitops.rules.table import BY_ID, RULES
from gitops.yaml import parse_all
from tests.command_line import REPOSITORY
from tests.rules.services import JUDGED, cluster, custom, ids, service, told

CASES = REPOSITORY.parent / "shared" / "cases"
EXAMPLES = Path(__file__).parent


# Releases and modes


@pytest.mark.parametrize(
    ("given", "release", "default", "admitted", "deployed"),
    [
        ("Standard", "0.20.0", "Knative", "Standard", "Standard"),
        ("RawDeployment", "0.20.0", "Knative", "Standard", "Standard"),
        ("Serverless", "0.17.0", "Standard", "Knative", "Knative"),
        ("ModelMesh", "0.20.0", "Knative", "ModelMesh", "ModelMesh"),
        ("ModelMesh", "0.15.2", "Knative", "ModelMesh", "ModelMesh"),
        ("RawDeployment", "0.16.0", "Knative", None, "Standard"),
        ("Knative", "0.16.0", "Standard", "Knative", "Knative"),
        ("RawDeployment", "0.15.2", "Knative", "Standard", "Standard"),
        ("Standard", "0.15.2", "Knative", None, "Knative"),
        ("Raw", "0.20.0", "Standard", None, "Standard"),
        (None, "0.20.0", "Standard", "Standard", "Standard"),
        (None, "0.20.0", "Knative", None, "Knative"),
    ],
)
def test_the_mode_is_read_as_the_release_does(
    given: str | None, release: str, default: str, admitted: str | None, deployed: str
) -> None:
    where = cluster(release, default)
    assert serving.admitted_mode(service(mode=given), where) == admitted
    assert serving.mode(service(mode=given), where) == deployed


@pytest.mark.parametrize(
    ("given", "release", "expected", "fixed"),
    [
        ("Standard", "0.20.0", set(), None),
        ("RawDeployment", "0.20.0", {"old-deployment-mode"}, "Standard"),
        ("RawDeployment", "0.16.0", {"known-deployment-mode"}, "Standard"),
        ("RawDeployment", "0.15.2", set(), None),
        ("Standard", "0.15.2", {"known-deployment-mode"}, "RawDeployment"),
        ("knative", "0.15.2", {"known-deployment-mode"}, "Serverless"),
        ("serverless", "0.20.0", {"known-deployment-mode"}, "Knative"),
        ("Raw", "0.20.0", {"known-deployment-mode"}, None),
        ("", "0.20.0", {"known-deployment-mode"}, None),
        (None, "0.20.0", {"deployment-mode-said"}, None),
    ],
)
def test_the_mode_is_spelled_for_the_release(
    given: str | None, release: str, expected: set[str], fixed: str | None
) -> None:
    found = [fault for fault in told(service(mode=given), cluster(release)) if "deployment-mode" in fault.rule]
    assert {fault.rule for fault in found} == expected
    assert [fault.fix.value for fault in found if fault.fix] == ([fixed] if fixed else [])


@pytest.mark.parametrize(
    ("old", "status", "new", "release", "refused"),
    [
        ("Knative", None, "Standard", "0.20.0", True),
        ("Knative", None, "Standard", "0.15.0", False),
        ("Knative", None, None, "0.20.0", False),
        (None, None, "Knative", "0.20.0", False),
        (None, None, "Standard", "0.20.0", True),
        ("RawDeployment", None, "Standard", "0.20.0", False),
        ("Standard", None, "RawDeployment", "0.20.0", False),
        ("Standard", None, "RawDeployment", "0.16.0", True),
        ("RawDeployment", None, "RawDeployment", "0.16.0", True),
        ("RawDeployment", None, "Serverless", "0.15.2", True),
        ("Standard", "Knative", "Knative", "0.20.0", False),
        ("Standard", "Knative", "Standard", "0.20.0", True),
        ("Raw", None, "Raw", "0.20.0", True),
    ],
)
def test_the_mode_of_a_service_that_exists_is_kept(
    old: str | None, status: str | None, new: str | None, release: str, refused: bool
) -> None:
    before = service(mode=old) | ({"status": {"deploymentMode": status}} if status else {})
    found = ids(service(mode=new), cluster(release), before)
    assert ("deployment-mode-kept" in found) is refused


@pytest.mark.parametrize(
    ("change", "since", "rule"),
    [
        ({"predictor": {"model": {"modelFormat": {"name": "a"}, "name": "x"}}}, "0.16.0", "unnamed-model"),
        ({"predictor": {"sklearn": {"name": "x"}}}, "0.16.0", "unnamed-model"),
        ({"predictor": {"model": {"env": [{"name": "PYTHONPATH", "value": "/x"}]}}}, "0.18.0", "blocked-variable"),
        (
            {"transformer": custom("a") | {"initContainers": [{"name": "b", "env": [{"name": "PYTHONPATH"}]}]}},
            "0.18.0",
            "blocked-variable",
        ),
        ({"explainer": {"art": {"env": [{"name": "PYTHONPATH"}]}}}, "0.18.0", "blocked-variable"),
        (
            {
                "predictor": {
                    "model": {},
                    "workerSpec": {"containers": [{"name": "w", "env": [{"name": "PYTHONPATH"}]}]},
                }
            },
            "0.18.0",
            "blocked-variable",
        ),
    ],
)
def test_a_rule_holds_from_its_release_on(change: Object, since: str, rule: str) -> None:
    before = ".".join(str(max(0, int(part) - (index == 1))) for index, part in enumerate(since.split(".")))
    assert rule in ids(service(change), cluster(since))
    assert rule not in ids(service(change), cluster(before))


@pytest.mark.parametrize(
    ("given", "release", "fine"),
    [
        *(("hpa", "0.14.1", True), ("keda", "0.14.1", False), ("keda", "0.15.0", True), ("none", "0.15.0", False)),
        *(("none", "0.15.1", True), ("external", "0.20.0", True), ("kpa", "0.20.0", False), ("", "0.20.0", False)),
    ],
)
def test_the_autoscalers_of_a_release(given: str, release: str, fine: bool) -> None:
    found = ids(service(autoscalerClass=given), cluster(release))
    assert ("known-autoscaler-class" not in found) is fine


# Names


@pytest.mark.parametrize("name", ["a", "abc-1", "a1", "x" * 63])
def test_good_names(name: str) -> None:
    assert "service-name" not in ids(service(name=name))


@pytest.mark.parametrize("name", ["1a", "a.b", "A", "a-", "-a", "a_b", "a\n", "ä"])
def test_bad_names(name: str) -> None:
    assert "service-name" in ids(service(name=name))


TRANSFORMED = {"transformer": custom("kserve-container")}
NAMED = {"predictor": {"name": "v1", "model": {"modelFormat": {"name": "sklearn"}}}}


@pytest.mark.parametrize(
    ("mode", "namespace", "spec", "longest"),
    [
        ("Standard", "models", {}, 46),
        ("Standard", "m", {}, 48),
        ("Standard", "models", TRANSFORMED, 44),
        ("Standard", "m", TRANSFORMED, 46),
        ("Standard", "models", {"explainer": custom("kserve-container")}, 46),
        ("Standard", "models", NAMED, 43),
        ("Standard", "m", {"canary": [{"predictor": {"name": "next"}}]}, 43),
        ("Standard", "m", {"predictor": {"model": {}, "workerSpec": {}}}, 41),
        ("Knative", "models", {}, 53),
        ("Knative", "models", TRANSFORMED, 51),
        ("Knative", "models", {"predictor": {"model": {}, "canaryTrafficPercent": 10}}, 48),
        ("Knative", "models", {"predictor": {"model": {}, "canaryTrafficPercent": 100}}, 53),
        ("ModelMesh", "models", {}, 200),
    ],
)
def test_names_may_be_as_long_as_what_is_made_of_them(mode: str, namespace: str, spec: Object, longest: int) -> None:
    where = cluster(namespace=namespace)
    assert "service-name-length" not in ids(service(spec, mode=mode, name="n" * longest), where)
    if longest < 100:
        assert "service-name-length" in ids(service(spec, mode=mode, name="n" * (longest + 1)), where)


def test_the_host_of_a_tag_counts_too() -> None:
    tagged = {"enable-tag-routing": "true"}
    assert "service-name-length" not in ids(service({}, mode="Knative", name="n" * 46, **tagged))
    assert "service-name-length" in ids(service({}, mode="Knative", name="n" * 47, **tagged))


# Implementations


def counted_by_kserve(predictor: Object, mode: str) -> int:
    """GetImplementations of predictor.go after setPredictorModelDefaults, written down once more."""
    fields = {name for name in (*serving.FRAMEWORKS, "model") if predictor.get(name) is not None}
    if mode != "ModelMesh":
        moved = next((name for name in serving.FRAMEWORKS if name in fields), None)
        fields = (fields - {moved}) | {"model"} if moved else fields
    names = [container["name"] for container in predictor.get("containers", [])]
    count = len(fields) + names.count("kserve-container")
    return count or (1 if names else 0)


@given(
    st.sets(st.sampled_from([*serving.FRAMEWORKS, "model"]), max_size=3),
    st.lists(st.sampled_from(["kserve-container", "transformer-container", "sidecar"]), max_size=3),
    st.sampled_from(["Standard", "Knative", "ModelMesh"]),
)
def test_implementations_are_counted_as_kserve_does(fields: set[str], names: list[str], mode: str) -> None:
    predictor: Object = {name: {} for name in fields}
    if names:
        predictor["containers"] = [{"name": name} for name in names]
    obj = service({"predictor": predictor}, mode=mode)
    expected = counted_by_kserve(predictor, mode)
    assert len(serving.implementations(serving.predictor(obj))) == expected
    assert ("one-implementation" in ids(obj)) is (expected != 1)


@pytest.mark.parametrize(
    ("component", "fine"),
    [
        ({"transformer": {}}, False),
        ({"transformer": {"containers": []}}, False),
        ({"transformer": custom("x")}, True),
        ({"transformer": None}, True),
        ({"explainer": {}}, False),
        ({"explainer": {"art": {"type": "SquareAttack"}}}, True),
        ({"explainer": {"art": {}} | custom("x")}, False),
        ({"explainer": custom("x")}, True),
    ],
)
def test_other_components_have_one_implementation_too(component: Object, fine: bool) -> None:
    assert ("one-implementation" not in ids(service(component))) is fine


@pytest.mark.parametrize(
    ("predictor", "expected"),
    [
        (custom("kserve-container"), set()),
        (custom("server"), {"main-container-name"}),
        (custom("kserve-container", "sidecar"), set()),
        (custom("sidecar", "kserve-container"), {"main-container-first"}),
        (custom("server", "sidecar"), {"main-container-first"}),
        ({"model": {"modelFormat": {"name": "x"}}} | custom("sidecar", "other"), set()),
    ],
)
def test_the_main_container_is_first_and_has_its_name(predictor: Object, expected: set[str]) -> None:
    assert {rule for rule in ids(service({"predictor": predictor})) if rule.startswith("main-")} == expected


def test_only_the_first_container_says_the_protocol() -> None:
    first, second = (custom(name)["containers"][0] for name in ("kserve-container", "sidecar"))
    wrong = [{"name": "PROTOCOL", "value": "grpc-v2"}]
    assert "custom-protocol" in ids(service({"predictor": {"containers": [first | {"env": wrong}, second]}}))
    assert "custom-protocol" not in ids(service({"predictor": {"containers": [first, second | {"env": wrong}]}}))


def test_a_protocol_of_ones_own_runtime_is_known() -> None:
    runtime = {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ServingRuntime",
        "metadata": {"name": "own"},
        "spec": {"protocolVersions": ["mqtt"]},
    }
    model = {"modelFormat": {"name": "x"}, "runtime": "own", "protocolVersion": "mqtt"}
    obj = service({"predictor": {"model": model}})
    assert "known-protocol" in ids(obj)
    assert "known-protocol" not in ids(obj, cluster("0.20.0", "Knative", "models", runtime))


# Rollouts


def test_a_predictor_is_renamed_with_its_model_only() -> None:
    def named(name: str | None, uri: str) -> Object:
        return service({"predictor": {"name": name, "model": {"modelFormat": {"name": "x"}, "storageUri": uri}}})

    rule = "predictor-renamed-with-model"
    assert rule in ids(named("b", "s3://m/1"), old=named("a", "s3://m/1"))
    assert rule in ids(named("b", "s3://m/1"), old=named(None, "s3://m/1"))
    assert rule not in ids(named("b", "s3://m/2"), old=named("a", "s3://m/1"))
    assert rule not in ids(named(None, "s3://m/1"), old=named("", "s3://m/1"))
    assert rule not in ids(named("b", "s3://m/1"), cluster("0.19.0"), named("a", "s3://m/1"))


def canary(name: str | None = "next", share: int = 10, **fields: Any) -> Object:
    return {"predictor": {"name": name, "model": {"modelFormat": {"name": "x"}}, **fields}, "trafficPercent": share}


@pytest.mark.parametrize(
    ("stable", "canaries", "expected"),
    [
        ({}, [canary()], set()),
        ({}, [canary("")], {"canary-named"}),
        ({"name": "next"}, [canary()], {"canary-named"}),
        ({}, [canary(), canary()], {"canary-named"}),
        ({}, [canary(maxReplicas=1)], {"canary-fields"}),
        ({}, [canary(maxReplicas=0)], set()),
        ({}, [canary(minReplicas=1)], set()),
        ({}, [canary(minReplicas=2)], {"canary-fields"}),
        ({"minReplicas": 0}, [canary(minReplicas=1)], {"canary-fields"}),
        ({}, [canary(autoScaling={})], {"canary-fields"}),
        ({}, [canary("a", 50), canary("b", 50)], set()),
        ({}, [canary("a", 51), canary("b", 50)], {"canary-traffic"}),
        ({}, [canary(model=None)], {"canary-implementation"}),
        ({}, [canary(sklearn={})], {"canary-implementation"}),
    ],
)
def test_canaries(stable: Object, canaries: list[Object], expected: set[str]) -> None:
    model = {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/fraud"}
    obj = service({"predictor": {"model": model, **stable}, "canary": canaries})
    assert {rule for rule in ids(obj, cluster("0.21.0")) if rule.startswith("canary")} == expected


@pytest.mark.parametrize(
    ("mode", "default", "refused"),
    [("Standard", "Knative", False), (None, "Standard", False), (None, "Knative", True), ("Raw", "Standard", True)],
)
def test_canaries_need_standard_mode(mode: str | None, default: str, refused: bool) -> None:
    found = ids(service({"canary": [canary()]}, mode=mode), cluster("0.21.0", default))
    assert ("canary-in-standard-mode" in found) is refused


# Several nodes


def nodes(release: str = "0.20.0", uri: str | None = "pvc://m", scaler: str = "none", **fields: Any) -> set[str]:
    model = {"modelFormat": {"name": "huggingface"}, "storageUri": uri, **fields.pop("model", {})}
    predictor = {"model": model, "workerSpec": fields.pop("workers", {})}
    marks = {"autoscalerClass": scaler, **fields}
    obj = service({"predictor": predictor}, mode="RawDeployment" if release < "0.16" else "Standard", **marks)
    return {fault.rule for fault in told(obj, cluster(release)) if BY_ID[fault.rule].layer == "admission"}


GPU_TYPES = "gpu-resource-types"


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ({}, set()),
        ({"uri": "oci://image"}, set()),
        ({"uri": "oci://image", "release": "0.15.2"}, {"multi-node-model"}),
        ({"uri": "oci+native://image"}, {"multi-node-model"}),
        ({"uri": None}, {"multi-node-model"}),
        ({"uri": ""}, {"multi-node-model"}),
        ({"scaler": "external"}, {"multi-node-model"}),
        ({"scaler": "external", "release": "0.15.0"}, set()),
        ({"workers": {"pipelineParallelSize": 1}}, set()),
        ({"workers": {"pipelineParallelSize": 1}, "scaler": "external", "release": "0.15.0"}, {"parallel-sizes"}),
        ({"workers": {"tensorParallelSize": 0}}, {"parallel-sizes"}),
        ({"model": {"env": [{"name": "PIPELINE_PARALLEL_SIZE"}]}}, {"parallel-sizes"}),
        ({"workers": {"containers": [{"name": "a"}, {"name": "b"}]}}, {"one-worker-container"}),
        ({"model": {"resources": {"limits": {"amd.com/gpu": 1, "memory": "1Gi"}}}}, set()),
        ({"model": {"resources": {"requests": {"hugepages-2Mi": "1Gi"}}}}, {"known-gpu-resource"}),
        (
            {"workers": {"containers": [{"name": "a", "resources": {"limits": {"rdma/hca": 1}}}]}},
            {"known-gpu-resource"},
        ),
        ({"model": {"resources": {"limits": {"x.com/y": 1}}}, GPU_TYPES: '["x.com/y"]'}, set()),
        ({GPU_TYPES: "[]"}, {"known-gpu-resource"}),
        ({GPU_TYPES: '["a", 1]'}, {"known-gpu-resource"}),
        ({GPU_TYPES: '{"a": 1}'}, {"known-gpu-resource"}),
        ({GPU_TYPES: ""}, set()),
    ],
)
def test_several_nodes(case: dict[str, Any], expected: set[str]) -> None:
    assert nodes(**case) == expected


def missing_as_kserve_counts(total: int, head: int, worker: int) -> int:
    """computeRayNodeAndGPUs of components/predictor.go, written down once more; 0 if it returns no error."""
    if worker > 0:
        count = math.ceil(total / worker)
        rest = total - worker * (count - 1)
        if head > 0:
            if math.ceil(total / head) == 1:
                count = 1
        else:
            head = rest
        if count == 1:
            worker, head = 0, total
        return max(0, total - (head + worker * (count - 1)))
    if head > 0:
        count = 1 + max(0, total - head)
        return max(0, total - (head + count - 1))
    return 0


@given(st.integers(1, 64), st.integers(0, 16), st.integers(0, 16))
def test_gpus_are_counted_as_kserve_does(total: int, head: int, worker: int) -> None:
    assert Gpus(total, head, worker).missing() == missing_as_kserve_counts(total, head, worker)


# Every rule


def _without(obj: Any, path: Place, null: bool) -> Object:
    changed: Object = copy.deepcopy(obj)
    parent = at(changed, *path[:-1])
    if null:
        parent[path[-1]] = None
    else:
        del parent[path[-1]]
    return changed


def _places(value: Any, path: Place = ()) -> Iterator[Place]:
    if path:
        yield path
    for step, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _places(item, (*path, step))


def objects(example: Path) -> list[Object]:
    text = example.read_text(encoding="utf-8")
    return parse_all(text, str(example))


EVERY_EXAMPLE = [path for rule in JUDGED for path in sorted((EXAMPLES / rule.id).glob("*.yaml"))]


@pytest.mark.parametrize("rule", JUDGED, ids=[rule.id for rule in JUDGED])
def test_a_rule_minds_nothing_that_is_missing_or_null(rule: Rule) -> None:
    where = cluster()
    for example in sorted((EXAMPLES / rule.id).glob("fails*.yaml")):
        whole = objects(example)[-1 if rule.update else 0]
        for path in _places(whole):
            if path[0] not in ("apiVersion", "kind") and path != ("metadata",):
                for null in (False, True) if isinstance(path[-1], str) else (False,):
                    part = _without(whole, path, null)
                    before = [(whole, part), (part, whole)] if rule.update else [(part,)]
                    assert all(isinstance(list(rule.judge(*each, where)), list) for each in before)


def _fixed(obj: Object, fix: Fix) -> Object:
    changed: Object = copy.deepcopy(obj)
    parent = at(changed, *fix.path[:-1])
    if fix.op == "set":
        parent[fix.path[-1]] = fix.value
    else:
        value = parent.pop(fix.path[-1])
        if fix.op == "rename":
            parent[fix.value] = value
    return changed


def test_a_fix_mends_what_it_belongs_to() -> None:
    mended = 0
    for example in EVERY_EXAMPLE:
        for obj in objects(example):
            found = [fault for fault in told(obj) if fault.fix] if obj["kind"] == "InferenceService" else []
            for fault in found:
                after = {(each.rule, each.pointer) for each in told(_fixed(obj, fault.fix))}  # type: ignore[arg-type]
                assert (fault.rule, fault.pointer) not in after
                mended += 1
    assert mended > 10


REAL_MISTAKES = {
    "isvc-canary-list-serverless": "canary-in-standard-mode",
    "isvc-canary-no-name": "canary-named",
    "isvc-collocation-storage-uri": "collocated-storage",
    "isvc-container-singular": "one-implementation",
    "isvc-custom-protocol": "custom-protocol",
    "isvc-deploymentmode-typo-accepted": "known-deployment-mode",
    "isvc-explainer-alibi-removed": "one-implementation",
    "isvc-model-and-kserve-container": "one-implementation",
    "isvc-multinode-no-autoscalerclass": "multi-node-model",
    "isvc-multinode-pps-zero": "parallel-sizes",
    "isvc-multinode-tp-env": "parallel-sizes",
    "isvc-name-digit": "service-name",
    "isvc-name-dot": "service-name",
    "isvc-name-too-long": "service-name-length",
    "isvc-podspec-capital": "one-implementation",
    "isvc-predictor-at-root": "one-implementation",
    "isvc-predictor-empty": "one-implementation",
    "isvc-pythonpath-env": "blocked-variable",
    "isvc-transformer-empty": "one-implementation",
    "isvc-update-deploymentmode": "deployment-mode-kept",
}

with_cases = pytest.mark.skipif(not CASES.is_dir(), reason="the collection of real mistakes is not here")


def _told_of(name: str) -> set[str]:
    found = objects(CASES / "invalid" / f"{name}.yaml")
    old = found[0] if name == "isvc-update-deploymentmode" else None
    where = cluster(default="Standard" if name == "isvc-name-too-long" else "Knative")
    bench = Bench(RULES, where.environment, ("admission", "controller"))
    return {fault.rule for fault in faults(found[-1], where, bench, old)}


@with_cases
@pytest.mark.parametrize(("name", "rule"), REAL_MISTAKES.items())
def test_real_mistakes_are_told(name: str, rule: str) -> None:
    assert rule in _told_of(name)


@with_cases
def test_what_the_api_server_accepts_is_refused_by_no_rule_of_admission() -> None:
    with (CASES / "INDEX-invalid.csv").open(encoding="utf-8") as index:
        rows = [row for row in csv.DictReader(index) if row["kind"] == "InferenceService"]
    accepted = [row["file"] for row in rows if row["verdict"].startswith("accept")]
    refused = {
        (file, rule)
        for file in accepted
        for rule in _told_of(Path(file).stem)
        if rule not in BY_ID or BY_ID[rule].layer == "admission"
    }
    assert len(accepted) > 10
    assert refused == set()
