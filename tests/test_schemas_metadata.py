"""Names, and the rest of metadata, as the API server judges them for each kind."""

from __future__ import annotations

from typing import Any

import pytest

from gitops.faults import Fault, Fix
from gitops.schemas.files import library
from gitops.schemas.store import Schemas
from tests.test_schemas import CRDS, SHIPPED, isvc


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return library(SHIPPED).schemas(CRDS, "1.34")


BODIES: dict[str, dict[str, Any]] = {
    "CronJob": {"spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": {"spec": {"containers": []}}}}}},
    "StatefulSet": {"spec": {"selector": {}, "serviceName": "s", "template": {}}},
    "PodDisruptionBudget": {},
    "InferenceService": {"spec": {"predictor": {}}},
    "RoleBinding": {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "a"}},
}


def made(kind: str, **metadata: Any) -> dict[str, Any]:
    """An object of `version/kind`."""
    api_version, _, name = kind.rpartition("/")
    return {"apiVersion": api_version, "kind": name, "metadata": metadata, **BODIES.get(name, {})}


SUBDOMAIN = (["a", "0", "a.b-c", "a" * 253], ["A", "a_b", "-a", "a-", "a..b", "a." + "b" * 253, "a/b", "a b", "ä"])
LABEL = (["a", "0a", "a-b", "a" * 63], ["a.b", "A", "a-", "a" * 64])
SERVICE = (["a", "a-0", "a" * 63], ["0a", "a.b", "A", "a-", "a" * 64])
SEGMENT = (["system:Any", "...", "a b", ".a", "a" * 300], ["a/b", "50%", ".", ".."])


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("v1/ConfigMap", *SUBDOMAIN),
        ("v1/Secret", *SUBDOMAIN),
        ("v1/ServiceAccount", *SUBDOMAIN),
        ("v1/PersistentVolumeClaim", *SUBDOMAIN),
        ("serving.kserve.io/v1beta1/InferenceService", *SUBDOMAIN),
        ("v1/Namespace", *LABEL),
        ("apps/v1/StatefulSet", *LABEL),
        ("v1/Service", *SERVICE),
        ("rbac.authorization.k8s.io/v1/Role", *SEGMENT),
        ("rbac.authorization.k8s.io/v1/RoleBinding", *SEGMENT),
        ("policy/v1/PodDisruptionBudget", *SEGMENT),
        ("batch/v1/CronJob", ["a.b", "a" * 52], ["a" * 53, "A"]),
    ],
)
def test_a_name_is_judged_by_its_kind(schemas: Schemas, kind: str, good: list[str], bad: list[str]) -> None:
    wrong = {
        name: [fault for fault in schemas.faults(made(kind, name=name)) if fault.severity == "error"]
        for name in (*good, *bad)
    }
    assert [name for name in good if wrong[name]] == []
    assert [name for name in bad if [fault.pointer for fault in wrong[name]] != [("metadata", "name")]] == []


@pytest.mark.parametrize(
    ("kind", "prefix", "good"),
    [
        ("v1/ConfigMap", "a-", True),
        ("v1/ConfigMap", "a--", True),
        ("v1/ConfigMap", "a.b", True),
        ("v1/ConfigMap", "a.", False),
        ("v1/ConfigMap", "-", False),
        ("v1/ConfigMap", "A-", False),
        ("v1/Namespace", "a.b-", False),
        ("v1/Service", "0-", False),
        ("rbac.authorization.k8s.io/v1/Role", "system:", True),
        ("rbac.authorization.k8s.io/v1/Role", "a/", False),
    ],
)
def test_a_generated_name_may_end_with_a_hyphen(schemas: Schemas, kind: str, prefix: str, good: bool) -> None:
    found = [fault.pointer for fault in schemas.faults(made(kind, generateName=prefix))]
    assert found == ([] if good else [("metadata", "generateName")])


@pytest.mark.parametrize("metadata", [{}, {"name": None}, {"name": ""}, {"name": "", "generateName": ""}])
@pytest.mark.parametrize("kind", ["v1/ConfigMap", "rbac.authorization.k8s.io/v1/Role"])
def test_an_object_has_a_name(schemas: Schemas, kind: str, metadata: dict[str, Any]) -> None:
    (fault,) = schemas.faults(made(kind, **metadata))
    assert (fault.rule, fault.pointer) == ("missing-field", ("metadata", "name"))


def owner(**more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "1", **more}


ERRORS = [
    ({"labels": {"a": "b", "example.com/x": ""}, "annotations": {"A.b/c": "any\ntext"}}, []),
    ({"labels": {"A.b/c": "x"}}, ["labels/A.b/c"]),
    ({"labels": {"a..b/c": "x"}}, ["labels/a..b/c"]),
    ({"labels": {"a/b/c": "x"}}, ["labels/a/b/c"]),
    ({"labels": {"x" * 63: "x"}}, []),
    ({"labels": {"x" * 64: "x"}}, [f"labels/{'x' * 64}"]),
    ({"labels": {"/x": "x", "x/": "x", "": "x"}}, ["labels/", "labels//x", "labels/x/"]),
    ({"annotations": {"x" * 64: "x"}}, [f"annotations/{'x' * 64}"]),
    ({"annotations": {"a" * 400 + "/x": "x"}}, [f"annotations/{'a' * 400}/x"]),
    ({"annotations": {"a": "x" * (256 * 1024 - 1)}}, []),
    ({"annotations": {"a": "x" * (256 * 1024)}}, ["annotations"]),
    ({"annotations": {"a": "ä" * (128 * 1024)}}, ["annotations"]),
    ({"finalizers": ["a.b/c", "foregroundDeletion"]}, []),
    ({"finalizers": ["a b", ""]}, ["finalizers/0", "finalizers/1"]),
    ({"finalizers": ["orphan", "foregroundDeletion"]}, ["finalizers"]),
    ({"ownerReferences": [owner(controller=True), owner(uid="2", controller=False)]}, []),
    (
        {"ownerReferences": [owner(controller=True), owner(uid="2", controller=True)]},
        ["ownerReferences/1/controller"],
    ),
    ({"ownerReferences": [owner(uid="", kind="")]}, ["ownerReferences/0/kind", "ownerReferences/0/uid"]),
    ({"resourceVersion": "7"}, ["resourceVersion"]),
    ({"resourceVersion": "", "uid": None, "creationTimestamp": None, "managedFields": []}, []),
]


@pytest.mark.parametrize("kind", ["v1/ConfigMap", "serving.kserve.io/v1beta1/InferenceService"])
@pytest.mark.parametrize(("metadata", "places"), ERRORS)
def test_metadata_is_refused_where_the_api_server_refuses_it(
    schemas: Schemas, kind: str, metadata: dict[str, Any], places: list[str]
) -> None:
    found = [fault for fault in schemas.faults(made(kind, name="a", **metadata)) if fault.severity == "error"]
    assert ["/".join(map(str, fault.pointer[1:])) for fault in found] == places


@pytest.mark.parametrize(
    ("metadata", "place"),
    [
        ({"uid": "1"}, ("uid",)),
        ({"managedFields": [{"manager": "kubectl"}]}, ("managedFields",)),
        ({"finalizers": ["a/b", "a/c", "a/b"]}, ("finalizers", 2)),
        ({"ownerReferences": [owner(), owner()]}, ("ownerReferences", 1)),
    ],
)
def test_what_is_only_refused_at_times_is_a_warning_with_a_fix(schemas: Schemas, metadata: Any, place: Any) -> None:
    (fault,) = schemas.faults(made("v1/ConfigMap", name="a", **metadata))
    assert (fault.severity, fault.pointer) == ("warning", ("metadata", *place))
    assert fault.fix == Fix("remove", fault.pointer)
    assert schemas.faults(made("v1/ConfigMap", name="a", ownerReferences=[owner(), owner(kind="Node")])) == ()


def test_a_namespace_of_what_is_in_none_is_a_warning(schemas: Schemas) -> None:
    assert schemas.faults(made("v1/Namespace", name="a", namespace="b")) == (
        Fault(
            rule="namespace-ignored",
            pointer=("metadata", "namespace"),
            message="Namespace belongs to the cluster as a whole and is in no namespace",
            found="b",
            expected="no namespace",
            why="the API server clears it without a word, and whoever looks for the object in the namespace finds nothing",
            hint="remove it",
            severity="warning",
            fix=Fix("remove", ("metadata", "namespace")),
        ),
    )
    assert schemas.faults(made("v1/Namespace", name="a", namespace="")) == ()


@pytest.mark.parametrize("metadata", [1, [], "x", None, {"annotations": 1, "finalizers": 1, "ownerReferences": 1}])
def test_metadata_of_the_wrong_type_is_a_fault_and_no_crash(schemas: Schemas, metadata: Any) -> None:
    assert {fault.rule for fault in schemas.faults({**isvc(), "metadata": metadata})} <= {"wrong-type", "missing-field"}
    assert schemas.faults({**isvc(), "metadata": metadata})


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("v1/Service", "Namespaced"),
        ("serving.knative.dev/v1/Service", None),
        ("networking.k8s.io/v1/Ingress", "Namespaced"),
        ("networking/v1/Ingress", None),
        ("networking.internal.knative.dev/v1/Ingress", None),
        ("extensions/v1beta1/Ingress", None),
        ("rbac.authorization.k8s.io/v1/Role", "Namespaced"),
        ("rbac/v1/Role", None),
        ("rbac.example.com/v1/Role", None),
        ("rbac.authorization.k8s.io/v1beta1/Role", None),
        ("v1/Role", None),
        ("apps/v1/Deployment", "Namespaced"),
        ("apps.example.com/v1/Deployment", None),
        ("core/v1/Pod", None),
    ],
)
def test_a_group_is_the_whole_group(schemas: Schemas, kind: str, scope: str | None) -> None:
    """Not what is before its first dot, as kubernetes-validate looks kinds up."""
    api_version, _, name = kind.rpartition("/")
    assert schemas.scope(api_version, name) == scope
    found = {fault.rule for fault in schemas.faults(made(kind, name="a"))}
    assert ("no-schema" in found) is (scope is None)


def test_kinds_of_one_name_in_two_groups_are_two_kinds() -> None:
    both = library(SHIPPED).schemas({"knative-serving": "1.23.0"}, "1.34")
    knative = made("serving.knative.dev/v1/Service", name="a") | {
        "spec": {"template": {"spec": {"containers": [{"image": "b"}]}}}
    }
    assert both.faults(knative) == ()
    assert {fault.rule for fault in both.faults(knative | {"apiVersion": "v1"})} == {"unknown-field"}
    assert both.versions("", "Service") == both.versions("serving.knative.dev", "Service") == ["v1"]
