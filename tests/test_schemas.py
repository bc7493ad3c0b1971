from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops.faults import Fault, Fix
from gitops.problems import InvalidInput, UsageError
from gitops.schemas import core, formats, sources
from gitops.schemas.compiled import compile_schema
from gitops.schemas.faults import dotted
from gitops.schemas.files import KubernetesData, library, reader, verify_folder
from gitops.schemas.kind import Kind
from gitops.schemas.meta import OBJECT_META
from gitops.schemas.prepare import prepare
from gitops.schemas.share import encode, map_subschemas, share
from gitops.schemas.store import Library, Schemas, preference

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "schemas"
CASES = ROOT.parent / "shared" / "cases"
MINORS = [f"1.{minor}" for minor in range(25, 38)]
CRDS = {"kserve": "0.20.0", "knative-kafka": "1.23.0", "external-secrets": "2.9.0", "sealed-secrets": "0.38.4"}

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, width=32)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return library(SHIPPED).schemas(CRDS, "1.34")


def isvc(predictor: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "iris"},
        "spec": {"predictor": predictor or {"model": {"modelFormat": {"name": "sklearn"}}}},
        **more,
    }


def obj(api_version: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, **more}


# --- from a CRD to a strict schema ---------------------------------------------------------------------------------


def crd(spec: dict[str, Any] | None = None, **root: Any) -> dict[str, Any]:
    """A CRD whose `spec` has the given schema."""
    schema = {"type": "object", "properties": {"spec": spec or {"type": "object"}}, **root}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "spec": {
            "group": "example.com",
            "names": {"kind": "Thing"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def accepts(definition: dict[str, Any], spec: Any, **metadata: Any) -> bool:
    (prepared,) = prepare(definition)
    return compile_schema(encode(prepared.schema)).is_valid(thing(spec, **metadata))


def thing(spec: Any, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a", **metadata}, "spec": spec}


def fields(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **({"required": [*required]} if required else {})}


INT = {"type": "integer"}
TEXT = {"type": "string"}
EITHER = {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}
OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"n": INT}}


@pytest.mark.parametrize(
    ("spec", "good", "bad"),
    [
        pytest.param(fields(a=INT), [{}, {"a": 1}], [{"b": 1}, {"a": "1"}], id="unknown fields"),
        pytest.param({"type": "object"}, [{}], [{"a": 1}], id="an object without properties has none"),
        pytest.param({"type": "object", "additionalProperties": INT}, [{"a": 1}], [{"a": "x"}], id="a map"),
        pytest.param(OPEN, [{"a": [1, {"b": None}]}, {"n": 1}], [{"n": "x"}], id="preserved fields are still typed"),
        pytest.param(fields(("a",), a=INT), [{"a": 1}], [{}, {"a": None}], id="required"),
        pytest.param(fields(a=INT), [{"a": None}], [], id="null is as good as absent"),
        pytest.param({"type": "object", "additionalProperties": INT}, [{"a": None}], [], id="so it is in a map"),
        pytest.param(fields(a={"type": "array", "items": INT}), [{"a": [1]}], [{"a": [None]}], id="not so in a list"),
        pytest.param(
            fields(a={"type": "array", "items": {**INT, "nullable": True}}), [{"a": [None]}], [], id="unless nullable"
        ),
        pytest.param(fields(("a",), a={**INT, "nullable": True}), [{"a": None}], [{}], id="nullable but required"),
        pytest.param(fields(("a",), a={**INT, "default": 1}), [{}, {"a": None}], [{"a": "x"}], id="a default is there"),
        pytest.param(fields(a={**TEXT, "enum": ["x"]}), [{"a": None}, {"a": "x"}], [{"a": "y"}], id="enum and null"),
        pytest.param(
            fields(a=EITHER), [{"a": 1}, {"a": "x"}, {"a": None}], [{"a": 1.5}, {"a": True}], id="int or string"
        ),
        pytest.param(
            fields(a={**EITHER, "pattern": "^x"}), [{"a": 1}, {"a": "x"}], [{"a": "y"}], id="int or string of a pattern"
        ),
        pytest.param(
            fields(a={**INT, "format": "int32"}), [{"a": 2**31 - 1}, {"a": 1.0}], [{"a": 2**31}, {"a": 1.5}], id="int32"
        ),
        pytest.param(fields(a=INT), [{"a": 2**63 - 1}], [{"a": 2**63}, {"a": 10**30}], id="int64 is the default"),
        pytest.param(
            fields(a={**INT, "minimum": 0, "format": "int32"}), [{"a": 0}], [{"a": -1}], id="a narrower bound"
        ),
        pytest.param(
            fields(a={"type": "number", "minimum": 0, "exclusiveMinimum": True}),
            [{"a": 0.1}],
            [{"a": 0}],
            id="exclusive",
        ),
        pytest.param(
            fields(a={"type": "number", "maximum": 9, "exclusiveMaximum": False}),
            [{"a": 9}],
            [{"a": 9.5}],
            id="inclusive",
        ),
        pytest.param(
            fields(a={**fields(b=INT, c=INT), "oneOf": [{"required": ["b"]}, {"required": ["c"]}]}),
            [{"a": {"b": 1}}, {"a": None}],
            [{"a": {}}, {"a": {"b": 1, "c": 1}}],
            id="oneOf",
        ),
        pytest.param(
            fields(a={**fields(b=INT), "not": {"required": ["b"]}}),
            [{"a": {}}, {"a": None}],
            [{"a": {"b": 1}}],
            id="not",
        ),
        pytest.param(
            fields(a={"type": "object", "x-kubernetes-embedded-resource": True, **OPEN}),
            [{"a": {"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}, "more": 1}}],
            [{"a": {"kind": "X"}}, {"a": {"apiVersion": "v1", "kind": "X", "metadata": {"nam": "x"}}}],
            id="an embedded resource",
        ),
        pytest.param(
            fields(description=TEXT, a={**TEXT, "description": "prose", "example": 1}),
            [{"description": "x", "a": "y"}],
            [{"description": 1}],
            id="a field named like prose",
        ),
    ],
)
def test_a_strict_schema_judges_as_the_api_server_does(spec: Any, good: list[Any], bad: list[Any]) -> None:
    assert [accepts(crd(spec), each) for each in good] == [True] * len(good)
    assert [accepts(crd(spec), each) for each in bad] == [False] * len(bad)


_PRESERVING = compile_schema(encode(prepare(crd(fields(a={"x-kubernetes-preserve-unknown-fields": True})))[0].schema))


@settings(max_examples=60, deadline=None)
@given(JSON)
def test_nothing_is_refused_below_preserve_unknown_fields(value: Any) -> None:
    assert _PRESERVING.is_valid(thing({"a": value}))


@pytest.mark.parametrize(
    ("metadata", "good"),
    [
        ({"labels": {"a": "b", "example.com/x": ""}, "annotations": {"A.b/c": "any\ntext"}}, True),
        ({"labels": {"a": 1}}, False),
        ({"labels": {"a": "b c"}}, False),
        ({"labels": {"a": "x" * 64}}, False),
        ({"labels": {"a b": "c"}}, False),
        ({"annotations": {"x": True}}, False),
        ({"annotations": {"/x": "y"}}, False),
        ({"nmae": "x"}, False),
        ({"name": "Upper"}, False),
        ({"name": "a.b-c"}, True),
        ({"name": "x" * 254}, False),
        ({"namespace": "a.b"}, False),
        ({"namespace": ""}, True),
        ({"finalizers": ["a/b"]}, True),
        ({"finalizers": "a/b"}, False),
        ({"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "x", "uid": "y"}]}, True),
        ({"ownerReferences": [{"kind": "Pod"}]}, False),
        ({"creationTimestamp": None}, True),
        ({"creationTimestamp": "yesterday"}, False),
    ],
)
def test_metadata_is_an_object_meta(metadata: dict[str, Any], good: bool) -> None:
    assert accepts(crd(), {}, **metadata) is good


def test_status_is_left_to_the_controller() -> None:
    (prepared,) = prepare(crd(properties={"status": fields(("a",), a=INT)}, required=["status"]))
    assert prepared.schema["properties"]["status"] == {"x-kubernetes-preserve-unknown-fields": True}
    assert "status" not in prepared.schema["required"]


def test_a_crd_may_narrow_names() -> None:
    named = crd(properties={"metadata": fields(name={**TEXT, "maxLength": 3}), "spec": {"type": "object"}})
    assert accepts(named, {}, name="abc")
    assert not accepts(named, {}, name="abcd")


def test_a_schema_says_what_it_is_for_and_leaves_prose_out() -> None:
    (prepared,) = prepare(crd(fields(a={**TEXT, "description": "prose", "default": {"description": "data"}})))
    assert prepared.path == "example.com/thing_v1.json"
    assert prepared.schema["x-kubernetes-group-version-kind"] == [
        {"group": "example.com", "version": "v1", "kind": "Thing"}
    ]
    assert prepared.schema["x-gitops-scope"] == prepared.scope == "Namespaced"
    assert prepared.schema["required"] == ["apiVersion", "kind", "metadata"]
    assert prepared.schema["properties"]["spec"]["properties"]["a"] == {
        "type": ["string", "null"],
        "default": {"description": "data"},
    }


def test_what_later_evaluation_needs_is_kept() -> None:
    kept = {
        "x-kubernetes-validations": [{"rule": "self.size() > 0", "message": "no"}],
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "default": [],
    }
    (prepared,) = prepare(crd(fields(a={"type": "array", "items": fields(("name",), name=TEXT), **kept})))
    assert kept.items() <= prepared.schema["properties"]["spec"]["properties"]["a"].items()


def test_only_served_versions_get_a_schema() -> None:
    definition = crd()
    definition["spec"]["versions"].append({**definition["spec"]["versions"][0], "name": "v1alpha1", "served": False})
    assert [prepared.version for prepared in prepare(definition)] == ["v1"]


def changed(path: str, value: Any) -> dict[str, Any]:
    definition = crd(fields(a=TEXT))
    at: Any = definition
    *parents, last = [int(step) if step.isdecimal() else step for step in path.split("/")]
    for step in parents:
        at = at[step]
    at[last] = value
    return definition


SPEC = "spec/versions/0/schema/openAPIV3Schema/properties/spec"


@pytest.mark.parametrize(
    ("definition", "rule", "pointer", "message"),
    [
        (None, "not-a-crd", "", "expected a CustomResourceDefinition, found nothing"),
        ([1], "not-a-crd", "", "expected a CustomResourceDefinition, found a list"),
        ({"kind": "List"}, "not-a-crd", "", "expected a CustomResourceDefinition, found List"),
        (
            changed("apiVersion", "apiextensions.k8s.io/v1beta1"),
            *("not-a-crd", "/apiVersion", "apiVersion 'apiextensions.k8s.io/v1beta1' is not apiextensions.k8s.io/v1"),
        ),
        (
            changed("spec/group", "../../etc"),
            *("not-a-crd", "/spec/group", "'../../etc' is not what Kubernetes accepts as group"),
        ),
        (
            changed("spec/scope", "Galaxy"),
            *("not-a-crd", "/spec/scope", "'Galaxy' is not what Kubernetes accepts as scope"),
        ),
        (changed("spec/names", {}), "not-a-crd", "/spec/names/kind", "`spec.names.kind` is missing"),
        (changed("spec/versions", {}), "not-a-crd", "/spec/versions", "`spec.versions` must be of type list"),
        (changed("spec/versions/0/served", False), "not-a-crd", "/spec/versions", "no version of Thing is served"),
        (
            changed(f"{SPEC}/patternProperties", {}),
            *("unsupported-schema", f"/{SPEC}/patternProperties", "keyword `patternProperties` is not known"),
        ),
        (changed(f"{SPEC}/type", "map"), "unsupported-schema", f"/{SPEC}/type", "type 'map' is not known"),
        (
            changed(f"{SPEC}/properties/a", {"description": "x"}),
            *("unsupported-schema", f"/{SPEC}/properties/a", "a structural schema needs a type"),
        ),
        (
            changed(f"{SPEC}/properties/a", 1),
            *("unsupported-schema", f"/{SPEC}/properties/a", "a schema must be a map"),
        ),
        (
            changed(f"{SPEC}/properties/a", {"type": "integer", "format": "uint8"}),
            *("unsupported-schema", f"/{SPEC}/properties/a/format", "integers of format 'uint8' are not known"),
        ),
    ],
)
def test_what_is_no_crd_or_cannot_be_kept_is_a_problem(definition: Any, rule: str, pointer: str, message: str) -> None:
    with pytest.raises(InvalidInput) as error:
        prepare(definition, "a.yaml")
    (problem,) = error.value.problems
    assert (problem.rule, problem.pointer, problem.message) == (rule, pointer, message)
    assert str(problem.location) == "a.yaml"
    assert problem.hint


LEAVES = st.sampled_from([TEXT, {**TEXT, "pattern": "^a long pattern that is worth sharing with all others$"}, INT])
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.dictionaries(st.sampled_from("abcd"), inner, max_size=3).map(lambda named: fields(**named))
        | inner.map(lambda each: {"type": "array", "items": each})
        | st.lists(inner, min_size=1, max_size=2).map(lambda some: {"anyOf": some})
    ),
    max_leaves=12,
)


def unshared(schema: dict[str, Any]) -> dict[str, Any]:
    definitions = schema.get("$defs", {})

    def expand(each: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in each:
            each = definitions[each["$ref"].removeprefix("#/$defs/")]
        return map_subschemas(each, expand)

    return {keyword: value for keyword, value in expand(schema).items() if keyword != "$defs"}


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_sharing_changes_the_form_and_not_the_schema(schema: dict[str, Any]) -> None:
    shared = share(schema)
    assert unshared(shared) == schema
    assert len({encode(each) for each in shared.get("$defs", {}).values()}) == len(shared.get("$defs", {}))


def test_equal_parts_are_written_once_and_the_bytes_do_not_depend_on_the_order_of_keys() -> None:
    big = fields(**dict.fromkeys("abcdefgh", TEXT))
    backwards = {keyword: big[keyword] for keyword in reversed(big)}
    schema = fields(x=big, y=backwards, z={"type": "array", "items": big})
    assert list(share(schema)["$defs"]) == ["s0"]
    assert encode(share(schema)) == encode(share(fields(z=schema["properties"]["z"], y=big, x=backwards)))


# --- kinds of Kubernetes itself ------------------------------------------------------------------------------------

NAMESPACED = frozenset(
    """Binding ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate ReplicationController
    ResourceQuota Secret Service ServiceAccount ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet
    TokenRequest LocalSubjectAccessReview HorizontalPodAutoscaler Scale CronJob Job PodCertificateRequest Lease
    LeaseCandidate EndpointSlice Ingress NetworkPolicy Eviction EvictionRequest PodDisruptionBudget Role RoleBinding
    PodScheduling PodSchedulingContext ResourceClaim ResourceClaimParameters ResourceClaimTemplate
    ResourceClassParameters CompositePodGroup PodGroup Workload CSIStorageCapacity""".split()  # noqa: SIM905 - a word list is easier to review
)


@pytest.fixture(scope="module")
def definitions() -> dict[str, Any]:
    """Of every minor version."""
    return {minor: KubernetesData().definitions(minor) for minor in MINORS}


def test_the_scope_of_every_core_kind_is_reviewed(definitions: dict[str, Any]) -> None:
    found = {(group, kind) for each in definitions.values() for group, _, kind in core.kinds(each)}
    cluster = {(group, kind) for group, kinds in core.CLUSTER_SCOPED.items() for kind in kinds}
    assert cluster <= found
    assert {kind for _, kind in found - cluster} == NAMESPACED
    assert {core.scope(*each) for each in cluster} == {"Cluster"}


def test_object_meta_is_upstreams_in_every_version(definitions: dict[str, Any]) -> None:
    for each in definitions.values():
        upstream = each["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]["properties"]
        ours = OBJECT_META["properties"]
        assert ours.keys() == upstream.keys()
        assert [ours[name].get("format") for name in ours if "type" in upstream[name]] == [
            upstream[name].get("format") for name in ours if "type" in upstream[name]
        ]


def test_every_core_kind_of_the_oldest_and_newest_version_reaches_only_what_is_there(
    definitions: dict[str, Any],
) -> None:
    for minor in (MINORS[0], MINORS[-1]):
        kinds = core.kinds(definitions[minor])
        for identity in list(kinds)[::4]:
            schema = core.schema(definitions[minor], identity)
            assert set(references(schema)) <= {f"#/$defs/{name}" for name in schema.get("$defs", ())} | {
                ref for ref in references(schema) if ref.rpartition("/")[2] in schema.get("$defs", ())
            }


def references(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        here = [schema["$ref"]] if isinstance(schema.get("$ref"), str) else []
        return here + [ref for each in schema.values() for ref in references(each)]
    return [ref for each in schema for ref in references(each)] if isinstance(schema, list) else []


@pytest.mark.parametrize(
    ("given_object", "rule"),
    [
        (obj("apps/v1", "Deployment", spec={"selector": {}, "template": {}, "replicas": 2**40}), "out-of-range"),
        (obj("batch/v1", "Job", spec={"template": {"metadata": {"labels": {"a": "b c"}}}}), "pattern"),
        (obj("v1", "LimitRange", spec={"limits": [{"type": "Pod", "max": {"cpu": "1.5 cores"}}]}), "pattern"),
        (obj("v1", "Service", spec={"ports": [{"port": 80, "targetPort": 1.5}]}), "wrong-type"),
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "Upper"}}, "pattern"),
        ({"apiVersion": "v1", "kind": "ConfigMap"}, "missing-field"),
        ({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "system:Any"}}, None),
        ({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}, None),
        (obj("v1", "LimitRange", spec={"limits": [{"type": "Pod", "max": {"cpu": 1.5, "memory": None}}]}), None),
    ],
)
def test_core_kinds_are_judged_where_their_openapi_says_too_little(
    schemas: Schemas, given_object: dict[str, Any], rule: str | None
) -> None:
    assert [fault.rule for fault in schemas.faults(given_object)] == ([rule] if rule else [])


@pytest.mark.parametrize("version", ["1.34", "v1.34", "1.34.2", "1.34.2+k3s1"])
def test_a_kubernetes_version_may_be_written_in_several_ways(version: str) -> None:
    assert library(SHIPPED).schemas({}, version).scope("apps/v1", "Deployment") == "Namespaced"


def test_unknown_versions_are_all_reported_with_their_place_and_what_there_is() -> None:
    with pytest.raises(InvalidInput) as error:
        library(SHIPPED).schemas({"kserve": "0.1.0", "kserv": "0.20.0", "rook": "1.20.6"}, "1.99")
    add = "add its CustomResourceDefinitions: `gitops schemas add FILE… --project"
    assert [(each.pointer, each.message, each.expected, each.hint) for each in error.value.problems] == [
        (
            "/kubernetes",
            "there are no schemas of Kubernetes 1.99",
            f"{MINORS[0]} to {MINORS[-1]}",
            "newer versions come with newer releases of the package kubernetes-validate",
        ),
        ("/crds/kserve", "there are no schemas of kserve 0.1.0", "0.20.0", f"{add} kserve --version 0.1.0`"),
        (
            "/crds/kserv",
            "there are no schemas of kserv 0.20.0",
            "",
            f"did you mean `kserve`?; {add} kserv --version 0.20.0`",
        ),
    ]


# --- faults --------------------------------------------------------------------------------------------------------


REFUSES = "the API server refuses such an object"
DROPS = "the API server refuses it under strict field validation, and otherwise drops it in silence"
FAULTS = [
    (
        isvc({"modle": {}}),
        Fault(
            "unknown-field",
            ("spec", "predictor", "modle"),
            "unknown field `modle` in `spec.predictor`",
            "modle",
            "one of: activeDeadlineSeconds, affinity, annotations, autoScaling, automountServiceAccountToken, batcher,"
            " canaryTrafficPercent, … (62 more)",
            DROPS,
            "did you mean `model`?",
            meant=("spec", "predictor", "model"),
        ),
    ),
    (
        isvc(spec={"predictor": {}, "minReplicas": 1}),
        Fault(
            "unknown-field",
            ("spec", "minReplicas"),
            "unknown field `minReplicas` in `spec`",
            "minReplicas",
            "one of: canary, explainer, predictor, transformer",
            DROPS,
            "`minReplicas` belongs in `spec.predictor`",
        ),
    ),
    (
        obj("v1", "ConfigMap", labels={}),
        Fault(
            "unknown-field",
            ("labels",),
            "unknown field `labels` in ConfigMap",
            "labels",
            "one of: apiVersion, binaryData, data, immutable, kind, metadata",
            DROPS,
            "`labels` belongs in `metadata`",
        ),
    ),
    (
        isvc({"minReplicas": "2"}),
        Fault(
            "wrong-type",
            ("spec", "predictor", "minReplicas"),
            "`spec.predictor.minReplicas` must be an integer",
            '"2"',
            "integer",
            REFUSES,
            "write 2 without quotes",
            fix=Fix("set", ("spec", "predictor", "minReplicas"), 2),
        ),
    ),
    (
        isvc({"model": {"modelFormat": {"name": "sklearn"}, "env": [{"name": "A", "value": True}]}}),
        Fault(
            "wrong-type",
            ("spec", "predictor", "model", "env", 0, "value"),
            "`spec.predictor.model.env[0].value` must be a string",
            "true",
            "string",
            REFUSES,
            'quote it: "true"',
        ),
    ),
    (
        isvc({"containers": [{"image": "x"}]}),
        Fault(
            "missing-field",
            ("spec", "predictor", "containers", 0, "name"),
            "`name` is missing from `spec.predictor.containers[0]`",
            "nothing",
            "string",
            REFUSES,
        ),
    ),
    (
        {**isvc(), "metadata": {"namespace": "models"}},
        Fault(
            "missing-field",
            ("metadata", "name"),
            "`name` or `generateName` is missing from `metadata`",
            "nothing",
            "`name` or `generateName`",
            REFUSES,
        ),
    ),
    (
        obj("external-secrets.io/v1", "ExternalSecret", spec={"target": {"deletionPolicy": "Retian"}}),
        Fault(
            "not-allowed",
            ("spec", "target", "deletionPolicy"),
            "`spec.target.deletionPolicy` has a value that is not allowed",
            '"Retian"',
            "one of: Delete, Merge, Retain",
            REFUSES,
            "did you mean `Retain`?",
        ),
    ),
    (
        isvc({"model": {"modelFormat": {"name": "x"}, "resources": {"limits": {"memory": "1GB"}}}}),
        Fault(
            "pattern",
            ("spec", "predictor", "model", "resources", "limits", "memory"),
            "`spec.predictor.model.resources.limits.memory` is not written as it must be",
            '"1GB"',
            "a quantity, such as 500m, 2 or 1Gi",
            REFUSES,
        ),
    ),
    (
        isvc({"containers": [{"name": "a", "ports": [{"containerPort": 2**40}]}]}),
        Fault(
            "out-of-range",
            ("spec", "predictor", "containers", 0, "ports", 0, "containerPort"),
            "`spec.predictor.containers[0].ports[0].containerPort` is too large",
            "1099511627776",
            "at most 2147483647 (int32)",
            "the type of the field holds no such number: API server, webhook or controller, whoever decodes it, fails",
        ),
    ),
    (
        {**isvc(), "metadata": {"name": "a", "labels": {"my label": "x"}}},
        Fault(
            "wrong-key",
            ("metadata", "labels", "my label"),
            "`my label` cannot be a key of `metadata.labels`",
            "my label",
            "an optional DNS prefix with `/`, and at most 63 letters, digits, `-`, `_` and `.`",
            REFUSES,
        ),
    ),
    (
        {**isvc(), "metadata": {"name": "a", "labels": {"x": "y" * 64}}},
        Fault(
            "wrong-length",
            ("metadata", "labels", "x"),
            "`metadata.labels.x` is too long",
            f'"{"y" * 58}…',
            "at most 63 characters",
            REFUSES,
        ),
    ),
    (
        obj("v1", "Secret", data={"password": "geheim!"}),
        Fault(
            "wrong-format",
            ("data", "password"),
            "`data.password` is not padded base64",
            "a string (not shown)",
            "padded base64",
            REFUSES,
        ),
    ),
    (
        obj("v1", "Secret", stringData={"pin": 1234}),
        Fault(
            "wrong-type",
            ("stringData", "pin"),
            "`stringData.pin` must be a string",
            "an integer (not shown)",
            "string",
            REFUSES,
            "quote it",
        ),
    ),
    (
        isvc({"containers": {"name": "a"}}),
        Fault(
            "wrong-type",
            ("spec", "predictor", "containers"),
            "`spec.predictor.containers` must be an array",
            '{"name": "a"}',
            "array",
            REFUSES,
            "make it a list: begin each item with `- `",
        ),
    ),
    (
        obj("v1", "ConfigMap", data={1: "x"}),
        Fault(
            "invalid-value",
            (),
            "ConfigMap is not JSON",
            "Dict key must be str or str enum. Got 'int'",
            "maps with text as keys, lists, text, numbers, true, false and null, at most 250 levels deep",
            "no API server can read it",
        ),
    ),
    ([], Fault("wrong-type", (), "an object must be a map", expected="apiVersion, kind and metadata")),
    (
        {"kind": "Secret"},
        Fault(
            "missing-field",
            ("apiVersion",),
            "`apiVersion` is missing",
            "nothing",
            "text",
            "every object names its type",
        ),
    ),
]


@pytest.mark.parametrize(("given_object", "fault"), FAULTS, ids=[fault.rule for _, fault in FAULTS])
def test_a_fault_says_what_where_and_what_to_do(schemas: Schemas, given_object: Any, fault: Fault) -> None:
    assert schemas.faults(given_object) == (fault,)


def test_every_fault_is_reported_in_one_go(schemas: Schemas) -> None:
    found = schemas.faults(
        isvc(
            {"minReplicas": "2", "modle": {}, "containers": [{"ports": [{}]}]}, status=1, stray=1, metadata={"name": 1}
        )
    )
    assert [(fault.rule, dotted(fault.pointer)) for fault in found] == [
        ("wrong-type", "metadata.name"),
        ("missing-field", "spec.predictor.containers[0].name"),
        ("missing-field", "spec.predictor.containers[0].ports[0].containerPort"),
        ("wrong-type", "spec.predictor.minReplicas"),
        ("unknown-field", "spec.predictor.modle"),
        ("unknown-field", "stray"),
    ]


@pytest.mark.parametrize(
    ("schema", "value", "fix"),
    [
        (fields(minReplicas=INT), {"min_replicas": 1}, ("rename", "min_replicas", "minReplicas")),
        (fields(minReplicas=INT), {"minreplicas": 1}, ("rename", "minreplicas", "minReplicas")),
        (fields(minReplicas=INT), {"minReplicas": 1, "minreplicas": 1}, None),
        (fields(minReplicas=INT), {"minReplica": 1}, None),
        (fields(aB=INT, ab=INT), {"a_b": 1}, None),
        (fields(a=INT), {"a": "-7"}, ("set", "a", -7)),
        (fields(a=INT), {"a": "0"}, ("set", "a", 0)),
        (fields(a=INT), {"a": "007"}, None),
        (fields(a=INT), {"a": "٣"}, None),
        (fields(a=INT), {"a": "many"}, None),
        (fields(a={"type": "boolean"}), {"a": "false"}, ("set", "a", False)),
        (fields(a={"type": "boolean"}), {"a": "yes"}, None),
        (fields(a=TEXT), {"a": True}, None),
        (fields(a={**TEXT, "enum": ["IfNotPresent", "Always"]}), {"a": "ifnotpresent"}, ("set", "a", "IfNotPresent")),
        (fields(a={**TEXT, "enum": ["IfNotPresent", "Always"]}), {"a": "Alway"}, None),
    ],
)
def test_a_fix_is_what_can_only_have_been_meant(schema: Any, value: Any, fix: Any) -> None:
    prepared = prepare(crd(schema))[0].schema
    found = Kind(compile_schema(encode(prepared)), lambda: prepared, "Namespaced", None).faults(thing(value), None)
    assert [fault.fix for fault in found] == [fix and Fix(fix[0], ("spec", fix[1]), fix[2])]


@pytest.mark.parametrize(
    ("api_version", "kind", "expected", "hint"),
    [
        ("apps.example.com/v1", "Deployment", "served here: apps/v1", "did you mean apiVersion: apps/v1?"),
        (
            "sources.knative.dev/v1alpha1",
            "KafkaSource",
            "served here: sources.knative.dev/v1, sources.knative.dev/v1beta1",
            "use apiVersion: sources.knative.dev/v1",
        ),
        (
            "external-secrets.io/v1beta1",
            "ExternalSecret",
            "served here: external-secrets.io/v1",
            "use apiVersion: external-secrets.io/v1, "
            "or run external-secrets 0.16.2, which serves external-secrets.io/v1beta1",
        ),
        (
            "kafka.strimzi.io/v1",
            "KafkaTopic",
            "it is in strimzi 1.2.0, strimzi 0.51.0",
            "declare `strimzi: 1.2.0` under `crds:` of the environment",
        ),
        (
            "serving.kserve.io/v1beta1",
            "InferenceServce",
            "kinds of serving.kserve.io/v1beta1: InferenceService",
            "did you mean kind: InferenceService?",
        ),
        (
            "unheard.of/v1",
            "Nothing",
            "a kind of Kubernetes itself or of a project under `crds:`",
            "add its CustomResourceDefinition: `gitops schemas add FILE… --project NAME --version V`, "
            "and declare it under `crds:`",
        ),
    ],
)
def test_an_object_without_a_schema_is_a_fault(
    schemas: Schemas, api_version: str, kind: str, expected: str, hint: str
) -> None:
    (fault,) = schemas.faults(obj(api_version, kind))
    assert fault.rule == "no-schema"
    assert fault.message == f"no schema for {kind} of {api_version} in this environment"
    assert (fault.expected, fault.hint) == (expected, hint)
    assert schemas.scope(api_version, kind) is None


def test_scope_and_versions_are_those_of_the_environment(schemas: Schemas) -> None:
    assert schemas.scope("serving.kserve.io/v1alpha1", "ClusterServingRuntime") == "Cluster"
    assert schemas.scope("serving.kserve.io/v1beta1", "InferenceService") == "Namespaced"
    assert schemas.scope("v1", "Namespace") == "Cluster"
    assert schemas.versions("sources.knative.dev", "KafkaSource") == ["v1", "v1beta1"]
    older = schemas.library.schemas({"knative-kafka": "1.15.0"}, "1.34")
    assert older.versions("sources.knative.dev", "KafkaSource") == ["v1beta1"]
    assert older.versions("autoscaling", "HorizontalPodAutoscaler") == ["v2", "v1"]
    assert older.versions("sources.knative.dev", "Nothing") == []


def test_versions_sort_as_kubernetes_prefers_them() -> None:
    ordered = ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"]
    assert sorted(sorted(ordered), key=preference) == ordered


SECRET_KINDS = [
    ("v1", "Secret"),
    ("bitnami.com/v1alpha1", "SealedSecret"),
    ("external-secrets.io/v1", "ExternalSecret"),
]
PLACES = [
    ("data",),
    ("stringData",),
    ("stringdata",),
    ("spec", "encryptedData"),
    ("spec", "template", "data"),
    ("spec",),
]


@pytest.mark.parametrize(("api_version", "kind"), SECRET_KINDS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"k": x}, lambda x: {"k": {"k": x}}, lambda x: [x]])
def test_no_fault_quotes_a_secret_value(schemas: Schemas, api_version: str, kind: str, place: Any, wrap: Any) -> None:
    value = wrap("geheim!")
    for step in reversed(place[1:]):
        value = {step: value}
    faults = schemas.faults(obj(api_version, kind, **{place[0]: value}, immutable="x"))
    assert faults
    assert "geheim" not in repr(faults)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["metadata", "spec", "status", "extra"]), JSON)
def test_faults_never_fail_and_are_empty_exactly_for_valid_objects(field: str, value: Any) -> None:
    found = _LAWS.faults(isvc() | {field: value})
    valid = _LAWS.library.validator("law", lambda: reader(SHIPPED)(_ISVC) or b"").is_valid(isvc() | {field: value})
    assert (found == ()) is valid


_ISVC = "kserve/0.20.0/serving.kserve.io/inferenceservice_v1beta1.json"
_LAWS = library(SHIPPED).schemas(CRDS, "1.34")


@pytest.mark.parametrize("where", ["spec", "status"])
def test_endless_nesting_is_judged_without_a_crash(schemas: Schemas, where: str) -> None:
    inner: dict[str, Any] = {}
    for _ in range(100_000):
        inner = {"a": inner}
    assert isinstance(schemas.faults(isvc(**{where: inner})), tuple)


# --- formats -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("byte", ["", "YQ==", "YW\nE="], ["YQ", "YQ===", "YWFhYWFh=", "geheim!", "Y Q==", "ä"]),
        (
            "date-time",
            ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456789+02:00"],
            ["2026-01-31", "2026-02-31T12:00:00Z", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z"],
        ),
        ("date", ["2026-01-31"], ["2026-02-31", "31.1.2026"]),
        ("duration", ["1h30m", "300ms", "0", "-1.5h"], ["1d", "1", "", "h"]),
        ("ipv4", ["10.0.0.1"], ["10.0.0", "::1"]),
        ("ipv6", ["::1"], ["10.0.0.1", "fe80::1%eth0"]),
        ("cidr", ["10.0.0.1/8", "::/0"], ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/255.0.0.0"]),
        ("uuid", ["123e4567-e89b-12d3-a456-426614174000"], ["123e4567"]),
        ("hostname", ["not a host name: the API server does not look"], []),
    ],
)
def test_formats_are_the_api_servers(name: str, good: list[str], bad: list[str]) -> None:
    assert [formats.FORMATS[name](each) for each in good] == [True] * len(good)
    assert [formats.FORMATS[name](each) for each in bad] == [False] * len(bad)


# --- the same verdict as others ------------------------------------------------------------------------------------

POD = {"containers": [{"name": "a", "image": "b", "ports": [{"containerPort": 80}]}]}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "given_object",
    [
        obj("v1", "ConfigMap", data={"a": "b"}),
        obj("v1", "ConfigMap", data={"a": 1}),
        obj("v1", "ConfigMap", dta={}),
        obj("v1", "Secret", stringData={"a": None}),
        obj("v1", "Pod", spec=POD),
        obj("v1", "Pod", spec={**POD, "hostNetwrk": True}),
        obj("v1", "Pod", spec={}),
        obj("batch/v1", "Job", spec={"template": {"spec": {**POD, "restartPolicy": "Never"}}}),
        obj("batch/v1", "Job", spec={"template": {"spec": {**POD, "volumes": [{}]}}}),
        obj("apps/v1", "Deployment", spec={"selector": {}, "template": {}, "replicas": "1"}),
        obj("v1", "Service", spec={"ports": [{"port": 80, "targetPort": "http"}]}),
        obj("v1", "Service", spec={"ports": [{"port": 80, "targetPort": True}]}),
        obj("rbac.authorization.k8s.io/v1", "RoleBinding", subjects=[]),
    ],
)
def test_core_kinds_are_judged_as_by_kubernetes_validate(schemas: Schemas, given_object: dict[str, Any]) -> None:
    import kubernetes_validate

    try:
        kubernetes_validate.validate(given_object, "1.34", strict=True)
        valid = True
    except kubernetes_validate.ValidationError:
        valid = False
    assert (schemas.faults(given_object) == ()) is valid


@pytest.mark.skipif(not CASES.is_dir(), reason="needs the collection of real manifests beside the repository")
def test_real_manifests_get_the_verdict_of_their_collector() -> None:
    from yaml12 import parse_yaml

    schemas = library(SHIPPED).schemas(CRDS, "1.34")
    agreed: list[bool] = []
    for row in csv.DictReader((CASES / "INDEX.csv").read_text().splitlines()):
        if not row["file"].startswith(("inferenceservice/", "kafkasource/", "secret-serviceaccount/")):
            continue
        try:
            objects = [each for each in parse_yaml((CASES / row["file"]).read_text(), multi=True) if each]
        except ValueError:  # some are meant to be unreadable
            continue
        found = [fault for each in objects for fault in schemas.faults(each) if fault.rule != "no-schema"]
        if (
            row["approx_check"] == "ok"
        ):  # two faults are real: `labels` beside metadata, base64 with more padding than Go takes
            real = ([], [("labels",)], [("data", "awsAccessKeyID")])
            assert [fault.pointer for fault in found] in real, row["file"]
        if "unknown-field" in row["approx_check"]:
            agreed.append(any(fault.rule == "unknown-field" for fault in found))
    assert len(agreed) > 10
    assert all(agreed)


# --- the library ---------------------------------------------------------------------------------------------------


class Counting:
    """Reads the shipped schemas and the data of Kubernetes, and remembers what."""

    def __init__(self) -> None:
        self.reads: list[str] = []
        self.data = KubernetesData()

    def read(self, path: str) -> bytes | None:
        self.reads.append(path)
        return reader(SHIPPED)(path)

    def minors(self) -> list[str]:
        return self.data.minors()

    def stamp(self, minor: str) -> str:
        return self.data.stamp(minor)

    def definitions(self, minor: str) -> Any:
        self.reads.append(minor)
        return self.data.definitions(minor)


class Memory(dict[str, bytes]):
    def put(self, key: str, data: bytes) -> None:
        self[key] = data


def test_environments_with_the_same_versions_share_what_was_read() -> None:
    counting = Counting()
    shared = Library(counting.read, counting)
    for crds in (CRDS, {"kserve": "0.20.0"}):
        for _ in range(3):
            assert shared.schemas(crds, "1.34").faults(isvc()) == ()
    assert counting.reads == ["SOURCES.yaml", _ISVC]
    assert shared.schemas(CRDS, "1.34") is shared.schemas(dict(CRDS), "1.34")


def test_a_cache_spares_reading_the_definitions_of_kubernetes() -> None:
    cache, cold, warm = Memory(), Counting(), Counting()
    configmap = obj("v1", "ConfigMap", data={"a": "b"})
    assert Library(cold.read, cold, cache).schemas({}, "1.34").faults(configmap) == ()
    assert cold.reads.count("1.34") == 2
    again = Library(warm.read, warm, cache).schemas({}, "1.34")
    assert again.faults(configmap) == ()
    assert again.faults(configmap | {"dta": 1})[0].hint == "did you mean `data`?"
    assert "1.34" not in warm.reads


@pytest.mark.parametrize("broken", [b"{", b"[1]", b'{"type": 1}', None])
def test_a_broken_schema_file_is_a_problem(broken: bytes | None) -> None:
    damaged = Library(lambda path: broken if path == _ISVC else reader(SHIPPED)(path), KubernetesData())
    with pytest.raises(InvalidInput) as error:
        damaged.schemas(CRDS, "1.34").faults(isvc())
    assert error.value.problems[0].rule == "schema-file"


def test_importing_loads_nothing_costly() -> None:
    code = "import sys, gitops.schemas.files, gitops.cli.schemas; print([m for m in sys.argv[1:] if m in sys.modules])"
    costly = [
        "pydantic",
        "jinja2",
        "jsonschema_rs",
        "ruamel.yaml",
        "rich",
        "kubernetes_validate",
        "yaml12",
        "cel_expr_python",
    ]
    assert subprocess.check_output([sys.executable, "-c", code, *costly], text=True).strip() == "[]"


# --- the folder and the commands -----------------------------------------------------------------------------------

YAML = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec:
  group: example.com
  names: {kind: Thing}
  scope: Cluster
  versions:
  - name: v1
    served: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer}}}
"""

OTHER = YAML.replace("Thing", "Other")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder, and upstream's checkout as the working directory."""
    context = ModuleType("gitops.cli.context")
    context.project_folder = lambda: tmp_path  # type: ignore[attr-defined]
    context.schemas_folder = lambda: tmp_path / "schemas"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gitops.cli.context", context)
    (tmp_path / "upstream" / "crds").mkdir(parents=True)
    (tmp_path / "upstream" / "crds" / "thing.yaml").write_text(YAML)
    monkeypatch.chdir(tmp_path / "upstream")
    return tmp_path


def run(*args: str) -> str:
    from gitops.cli.schemas import schemas

    result = CliRunner().invoke(schemas, args)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def add(*files: str, version: str = "1.0.0", project: str = "things") -> str:
    source = ("--source", "https://example.com/things", "--commit", "abc", "--licence", "MIT")
    return run("add", *files, "--project", project, "--version", version, *source)


def test_an_added_crd_is_validated_listed_and_verified(project: Path) -> None:
    assert add("crds/thing.yaml") == "example.com/v1 Thing (Cluster): things/1.0.0/example.com/thing_v1.json\n"
    assert run("list") == "things 1.0.0  MIT https://example.com/things abc\n  example.com/v1 Thing (Cluster)\n"
    assert run("verify") == "all schemas are as they were added\n"
    (listed,) = json.loads(run("list", "-o", "json"))["schemas"]
    assert (listed["project"], listed["release"], listed["kind"]) == ("things", "1.0.0", "Thing")
    schemas = library(project / "schemas").schemas({"things": "1.0.0"}, "1.34")
    assert schemas.scope("example.com/v1", "Thing") == "Cluster"
    (fault,) = schemas.faults(obj("example.com/v1", "Thing", spec={"sise": 1}))
    assert fault.hint == "did you mean `size`?"


def test_adding_again_changes_nothing_and_other_releases_stay(project: Path) -> None:
    add("crds/thing.yaml")
    add("crds/thing.yaml", version="2.0.0")
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    add("crds/thing.yaml")
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
    assert len(before) == 4


def test_a_file_that_upstream_moved_is_listed_once(project: Path) -> None:
    add("crds/thing.yaml")
    Path("crds/thing.yaml").rename("moved.yaml")
    run("add", "moved.yaml", "--project", "things", "--version", "1.0.0")
    (release,) = sources.parse((project / "schemas" / sources.FILE).read_bytes()).values()
    assert [file.path for file in release.files] == ["moved.yaml"]
    assert release.origin == ("https://example.com/things", "abc", "MIT")  # not given again, so kept
    assert run("verify")


def test_a_version_that_upstream_no_longer_serves_is_removed(project: Path) -> None:
    add("crds/thing.yaml")
    Path("crds/thing.yaml").write_text(YAML.replace("name: v1", "name: v2"))
    add("crds/thing.yaml")
    assert [path.name for path in project.rglob("*.json")] == ["thing_v2.json"]
    assert run("verify")


@pytest.mark.parametrize(
    ("text", "rule", "place"),
    [
        ("a: [", "yaml-syntax", "crds/bad.yaml"),
        ("a: 1\na: 2\n", "duplicate-key", "crds/bad.yaml:2"),
        ("", "yaml-documents", "crds/bad.yaml"),
        (f"{YAML}---\n{YAML}", "yaml-documents", "crds/bad.yaml"),
        ("kind: List\n", "not-a-crd", "crds/bad.yaml"),
        (OTHER.replace("type: integer", "type: integer, deprecated: true"), "unsupported-schema", "crds/bad.yaml"),
        (OTHER.replace("type: integer", 'type: string, pattern: "("'), "unsupported-schema", "crds/bad.yaml"),
        (YAML, "duplicate-schema", "crds/bad.yaml"),
        ("\udcff", "not-utf8", "crds/bad.yaml"),
        (None, "unreadable", "crds/bad.yaml"),
    ],
)
def test_a_bad_file_is_a_problem_and_nothing_is_written(project: Path, text: str | None, rule: str, place: str) -> None:
    if text is not None:
        Path("crds/bad.yaml").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InvalidInput) as error:
        add("crds/thing.yaml", "crds/bad.yaml")
    (problem,) = error.value.problems
    assert problem.rule == rule
    assert str(problem.location).startswith(place)
    assert problem.hint or rule in ("yaml-syntax", "duplicate-key")
    assert not (project / "schemas").exists()


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden"])
def test_a_name_that_cannot_be_a_folder_is_refused(project: Path, name: str) -> None:
    with pytest.raises(UsageError):
        add("crds/thing.yaml", project=name)
    with pytest.raises(UsageError):
        add("crds/thing.yaml", version=name)


def test_verify_finds_every_way_in_which_a_folder_differs(project: Path) -> None:
    add("crds/thing.yaml")
    file = project / "schemas/things/1.0.0/example.com/thing_v1.json"
    good = file.read_bytes()
    file.write_bytes(good.replace(b"Thing", b"Thong"))
    (problem,) = verify_folder(project / "schemas")
    assert problem.message == "things/1.0.0/example.com/thing_v1.json is not what was added"
    assert str(problem.location) == "schemas/things/1.0.0/example.com/thing_v1.json"
    file.rename(file.with_name("other.json"))
    assert [problem.message for problem in verify_folder(project / "schemas")] == [
        "things/1.0.0/example.com/thing_v1.json is missing",
        "things/1.0.0/example.com/other.json is not listed in SOURCES.yaml",
    ]
    with pytest.raises(InvalidInput):
        run("verify")


@pytest.mark.parametrize("text", ["[]", "a: 1", "kserve: {1.0.0: {files: [{path: x}]}}", "a: ["])
def test_a_damaged_list_of_sources_is_a_problem(text: str) -> None:
    with pytest.raises(InvalidInput) as error:
        sources.parse(text.encode())
    assert error.value.problems[0].location


# --- what is shipped -----------------------------------------------------------------------------------------------


def test_the_shipped_schemas_are_those_that_were_added_and_compile() -> None:
    assert verify_folder(SHIPPED) == ()


def test_the_shipped_schemas_are_self_contained_and_minimal() -> None:
    for file in SHIPPED.rglob("*.json"):
        schema = json.loads(file.read_bytes())
        assert encode(schema) == file.read_bytes()
        assert {ref.removeprefix("#/$defs/") for ref in references(schema)} == set(schema.get("$defs", ())), file
        (identity,) = schema["x-kubernetes-group-version-kind"]
        assert file.name == f"{identity['kind'].lower()}_{identity['version']}.json"
        assert file.parent.name == identity["group"]


def test_the_shipped_licences_allow_it() -> None:
    known = sources.parse((SHIPPED / sources.FILE).read_bytes())
    assert {release.origin.licence for release in known.values()} == {"Apache-2.0"}
    assert all(release.origin.commit and release.origin.repository for release in known.values())
    assert sources.text(known).encode() == (SHIPPED / sources.FILE).read_bytes()
