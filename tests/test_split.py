"""An overlay says exactly what an environment has over the base, and nothing is taken on trust."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from gitops.objects import Object, identical, key_of
from gitops.split import Overlay, Patch, Target, apply, split, unproven
from tests.random_applications import ENVIRONMENTS, application, scope


def an(kind: str, name: str = "a", namespace: str = "models", api: str = "v1", **content: Any) -> Object:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **content}


def proven(
    base: list[Object], target: list[Object], base_namespace: str = "models", namespace: str = "prod"
) -> Overlay:
    """The overlay, once it is shown that it makes the target and that neither input was changed."""
    before = copy.deepcopy((base, target))
    overlay = split(base, target, base_namespace, namespace, scope)
    assert unproven(base, target, overlay) == []
    assert (base, target) == before
    return overlay


def paths(overlay: Overlay) -> dict[str, list[str]]:
    return {str(patch.target): [change["path"] for change in patch.operations] for patch in overlay.patches}


CONFIG = an("ConfigMap", data={"a": "1"})
ACCOUNT = an("ServiceAccount", "robot")
RBAC = "rbac.authorization.k8s.io/v1"


def binding(*subjects: dict[str, str], namespace: str) -> Object:
    return an("RoleBinding", "binding", namespace, RBAC, subjects=list(subjects))


def robot(namespace: str) -> dict[str, str]:
    return {"kind": "ServiceAccount", "name": "robot", "namespace": namespace}


def test_nothing_differs_in_an_environment_like_the_base() -> None:
    assert proven([CONFIG, ACCOUNT], [copy.deepcopy(ACCOUNT), CONFIG], "models", "models") == Overlay()


def test_a_change_is_a_patch_of_the_object_as_it_stands_in_the_base() -> None:
    overlay = proven([CONFIG], [an("ConfigMap", data={"a": "2"})], "models", "models")
    operation = {"op": "replace", "path": "/data/a", "value": "2"}
    assert overlay == Overlay(patches=(Patch(Target("", "v1", "ConfigMap", "models", "a"), (operation,)),))


def test_objects_of_one_side_only_are_added_whole_and_deleted_by_identity() -> None:
    overlay = proven([CONFIG], [ACCOUNT], "models", "models")
    assert overlay == Overlay(deleted=(an("ConfigMap"),), resources=(ACCOUNT,))


def test_another_version_of_an_object_is_a_change_of_it() -> None:
    old = an("KafkaSource", api="sources.knative.dev/v1beta1", spec={})
    overlay = proven([old], [{**old, "apiVersion": "sources.knative.dev/v1"}], "models", "models")
    assert paths(overlay) == {"KafkaSource.sources.knative.dev/models/a": ["/apiVersion"]}
    assert overlay.patches[0].target.version == "v1beta1"


def test_the_same_kind_and_name_in_two_groups_are_two_objects() -> None:
    services = [an("Service", spec={"a": 1}), an("Service", api="serving.knative.dev/v1", spec={"a": 1})]
    target = [services[0], {**services[1], "spec": {"a": 2}}]
    assert list(paths(proven(services, target, "models", "models"))) == ["Service.serving.knative.dev/models/a"]


@pytest.mark.parametrize("base_namespace", ["models", ""])
def test_one_line_moves_an_application_that_has_only_namespaced_objects(base_namespace: str) -> None:
    base = [an("ConfigMap", namespace=base_namespace, data={"a": "1"}), an("ServiceAccount", "robot", base_namespace)]
    target = [an("ConfigMap", namespace="prod", data={"a": "2"}), an("ServiceAccount", "robot", "prod")]
    overlay = proven(base, target, base_namespace)
    assert overlay.namespace == "prod"
    assert list(paths(overlay).values()) == [["/data/a"]]


@pytest.mark.parametrize(
    "other",
    [
        an("ClusterServingRuntime", "other", "", "serving.kserve.io/v1alpha1"),
        an("Namespace", "other", ""),
        an("Unknown", "other", "prod", "example.com/v1"),
        an("RoleBinding", "other", "prod", RBAC),
        an("ConfigMap", "other", "elsewhere"),
        an("ConfigMap", "other", ""),
    ],
    ids=lambda obj: str(key_of(obj)),
)
def test_patches_move_objects_where_that_line_would_touch_more(other: Object) -> None:
    overlay = proven([CONFIG, other], [an("ConfigMap", namespace="prod", data={"a": "1"}), other])
    assert overlay.namespace == ""
    assert paths(overlay) == {"ConfigMap/models/a": ["/metadata/namespace"]}


def test_other_namespaces_than_the_environments_own_are_part_of_the_identity() -> None:
    base = [CONFIG, an("ConfigMap", namespace="elsewhere", data={"a": "1"})]
    target = [
        an("ConfigMap", namespace="prod", data={"a": "1"}),
        an("ConfigMap", namespace="elsewhere", data={"a": "2"}),
    ]
    overlay = proven(base, target)
    assert paths(overlay) == {"ConfigMap/models/a": ["/metadata/namespace"], "ConfigMap/elsewhere/a": ["/data/a"]}


def test_an_object_never_moves_to_where_the_base_has_another_of_its_name() -> None:
    base = [CONFIG, an("ConfigMap", namespace="prod", data={"a": "2"})]
    overlay = proven(base, [an("ConfigMap", namespace="prod", data={"a": "3"})])
    assert overlay.deleted == (an("ConfigMap"),)
    assert paths(overlay) == {"ConfigMap/prod/a": ["/data/a"]}


def test_an_added_object_never_meets_one_of_its_identity_in_the_base() -> None:
    overlay = proven([CONFIG], [an("ConfigMap", namespace="prod"), CONFIG])
    assert overlay == Overlay(resources=(an("ConfigMap", namespace="prod"),))


def test_a_reference_that_moves_along_is_patched() -> None:
    base = [ACCOUNT, binding(robot("models"), namespace="models")]
    target = [an("ServiceAccount", "robot", "prod"), binding(robot("prod"), namespace="prod")]
    assert len(proven(base, target).patches) == 2


def test_an_account_that_moves_away_from_a_reference_is_added_anew_so_that_the_reference_stays() -> None:
    target = [an("ServiceAccount", "robot", "prod"), binding(robot("models"), namespace="prod")]
    overlay = proven([ACCOUNT, binding(robot("models"), namespace="models")], target)
    assert overlay.deleted == (an("ServiceAccount", "robot"),)
    assert overlay.resources == (target[0],)


def test_a_reference_that_kustomize_would_rewrite_is_not_proven() -> None:
    group = binding({"kind": "Group", "name": "robot"}, namespace="models")
    target = [{**ACCOUNT, "secrets": []}, group]
    overlay = split([ACCOUNT, group], target, "models", "models", scope)
    assert unproven([ACCOUNT, group], target, overlay) == [
        "ServiceAccount/models/robot: Kustomize would change the namespace of what refers to it"
    ]


A_TEST = Patch(Target("", "v1", "ConfigMap", "models", "a"), ({"op": "test", "path": "/data/a", "value": "s3cret"},))


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        (Overlay(patches=(A_TEST,)), "ConfigMap/models/a: `test` fails at /data/a"),
        (
            Overlay(patches=(Patch(A_TEST.target._replace(version="v2"), ()),)),
            "ConfigMap/models/a: there is no such object to patch",
        ),
        (Overlay(resources=(copy.deepcopy(CONFIG),)), "ConfigMap/models/a: stands twice"),
        (Overlay(deleted=(an("ConfigMap", "b"),)), "ConfigMap/models/b: there is no such object to delete"),
    ],
)
def test_an_overlay_that_does_not_fit_is_refused(overlay: Overlay, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        apply([CONFIG], overlay)
    assert unproven([CONFIG], [CONFIG], overlay) == [message]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ([], ["ConfigMap/models/a: only in the overlay"]),
        ([CONFIG, ACCOUNT], ["ServiceAccount/models/robot: missing from the overlay"]),
        ([CONFIG, copy.deepcopy(CONFIG)], ["ConfigMap/models/a: stands twice"]),
        ([an("ConfigMap", data={"a": "s3cret"})], ["ConfigMap/models/a: /data/a differs"]),
        ([an("ConfigMap", data={"a": "1", "b": "s3cret"})], ["ConfigMap/models/a: /data/b differs"]),
        ([an("ConfigMap", data={"a": True})], ["ConfigMap/models/a: /data/a differs"]),
        ([{**CONFIG, "apiVersion": "v2"}], ["ConfigMap/models/a: /apiVersion differs"]),
    ],
)
def test_what_is_not_proven_is_named_without_its_value(target: list[Object], expected: list[str]) -> None:
    assert unproven([CONFIG], target, Overlay()) == expected


def test_what_stays_is_shared() -> None:
    big = an("ConfigMap", data={"a": "1"}, extra={"b": [1]})
    overlay = proven([big, ACCOUNT], [{**big, "data": {"a": "2"}}, ACCOUNT], "models", "models")
    result = apply([big, ACCOUNT], overlay)
    assert result[1] is ACCOUNT
    assert result[0]["extra"] is big["extra"]


@pytest.mark.parametrize("block", range(4))
def test_every_overlay_of_random_applications_is_proven(block: int) -> None:
    for seed in range(block * 1000, block * 1000 + 250):
        base, environments = application(seed)
        for environment, target in environments.items():
            overlay = proven(base, target, "models", ENVIRONMENTS[environment])
            result = {key_of(obj): obj for obj in apply(base, overlay)}
            assert all(identical(result[key_of(obj)], obj) for obj in target)


@pytest.mark.parametrize("part", ["namespace", "patches", "deleted", "resources"])
def test_an_overlay_without_one_of_its_parts_is_not_proven(part: str) -> None:
    missed = 0
    for seed in range(200):
        base, environments = application(seed)
        overlay = split(base, environments["prod"], "models", "prod", scope)
        if getattr(overlay, part):
            missed += 1
            assert unproven(base, environments["prod"], overlay._replace(**{part: type(getattr(overlay, part))()}))
    assert missed > 10
