"""The file tree: one file an object, exact targets, nothing outside its folder, and the same text from the same objects."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import pytest

from gitops import emit
from gitops.jsonpatch import operations
from gitops.objects import Object, key_of
from gitops.ownership import HEADER_PREFIX
from gitops.split import Overlay, Patch, Target
from gitops.yaml import parse
from tests.random_applications import STRINGS, application
from tests.test_split import an

CONFIG = an("ConfigMap", "settings", data={"a": "1"})
KNATIVE = "serving.knative.dev/v1"


def target_of(patched: Object, *others: Object) -> dict[str, str]:
    """The target of a patch of this object in a base where these others stand, too."""
    group, _, version = patched["apiVersion"].rpartition("/")
    metadata = patched["metadata"]
    target = Target(group, version, patched["kind"], metadata.get("namespace", ""), metadata["name"])
    patch = Patch(target, ({"op": "remove", "path": "/data"},))
    patches = emit.kustomization(Overlay(patches=(patch,)), [], [patched, *others])["patches"]
    result: dict[str, str] = patches[0]["target"]
    return result


def test_an_application_is_a_base_and_an_overlay_an_environment() -> None:
    patch = Patch(
        Target("", "v1", "ConfigMap", "models", "settings"), ({"op": "replace", "path": "/data/a", "value": "on"},)
    )
    prod = Overlay("prod", (patch,), (an("ServiceAccount", "robot"),), (an("Job", "extra", "prod", "batch/v1"),))
    tree = emit.application("iris", [CONFIG], {"dev": Overlay(), "prod": prod}, "specs/iris.py")
    assert list(tree) == [
        "base/iris/configmap-settings.yaml",
        "base/iris/kustomization.yaml",
        "dev/iris/kustomization.yaml",
        "prod/iris/job-extra.yaml",
        "prod/iris/kustomization.yaml",
    ]
    assert all(text.startswith(f"{HEADER_PREFIX} from specs/iris.py") for text in tree.values())
    assert tree["prod/iris/kustomization.yaml"].split("\n", 1)[1] == (
        "apiVersion: kustomize.config.k8s.io/v1beta1\n"
        "kind: Kustomization\n"
        "namespace: prod\n"
        "resources:\n"
        '- "../../base/iris"\n'
        "- job-extra.yaml\n"
        "patches:\n"
        "- target:\n"
        "    kind: ConfigMap\n"
        "    version: v1\n"
        "    name: settings\n"
        "    namespace: models\n"
        "  patch: |-\n"
        "    - op: replace\n"
        "      path: /data/a\n"
        '      value: "on"\n'
        "- patch: |-\n"
        "    apiVersion: v1\n"
        "    kind: ServiceAccount\n"
        "    metadata:\n"
        "      name: robot\n"
        "      namespace: models\n"
        '    "$patch": delete\n'
    )


def test_a_folder_without_objects_says_so() -> None:
    tree = emit.application("empty", [], {}, "specs/empty.py")
    assert parse(tree["base/empty/kustomization.yaml"], "")["resources"] == []
    assert parse(emit.environment("prod", [], "x")[1], "")["resources"] == []


def test_an_environment_lists_its_applications_in_order() -> None:
    path, text = emit.environment("prod", ["b", "a"], "environments/prod/environment.yaml")
    assert path == "prod/kustomization.yaml"
    assert parse(text, path)["resources"] == ["a", "b"]


@pytest.mark.parametrize("value", ["line\n", "line\n\n", {"a": ["line\n"]}, "line", "", {"a": []}])
def test_a_patch_says_the_same_after_kustomize_has_trimmed_it(value: Any) -> None:
    patch = Patch(Target("", "v1", "ConfigMap", "", "a"), ({"op": "add", "path": "/data", "value": value},))
    text = emit.kustomization(Overlay(patches=(patch,)), [])["patches"][0]["patch"]
    assert parse(text.strip(), "") == list(patch.operations)


@pytest.mark.parametrize(
    ("patched", "others", "expected"),
    [
        (CONFIG, [], {"version": "v1", "kind": "ConfigMap", "namespace": "models", "name": "settings"}),
        (an("Service", "a.b", api=KNATIVE), [], {"group": "serving[.]knative[.]dev", "name": "a[.]b"}),
        (an("Service", "a"), [an("Service", "a", api=KNATIVE)], {"group": "()"}),
        (an("Service", "a"), [an("Service", "b", api=KNATIVE)], {"group": None}),
        (an("Service", "a"), [an("Job", "a", api="batch/v1")], {"group": None}),
        (an("Service", "a", ""), [an("Service", "a", "other")], {"namespace": "default", "group": None}),
        (an("ClusterRole", "a", ""), [an("ClusterRole", "a", "", "other/v1")], {"namespace": None, "group": "()"}),
        (an("ClusterRole", "system:a-b", ""), [], {"name": "system:a-b"}),
    ],
)
def test_a_target_is_as_full_as_it_takes_to_be_exact(
    patched: Object, others: list[Object], expected: dict[str, str | None]
) -> None:
    target = target_of(patched, *others)
    assert {field: target.get(field) for field in expected} == expected


@pytest.mark.parametrize("name", [*STRINGS[1:], "a.b*c+d?e(f)g[h]i{j}k^l$m|n\\o"])
def test_a_selector_matches_its_own_text_and_no_near_one(name: str) -> None:
    selector = re.compile(target_of(an("ConfigMap", name))["name"])
    assert selector.fullmatch(name)
    assert not any(selector.fullmatch(name.replace(each, "x", 1)) for each in ".*+?" if each in name)


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ([an("Service"), an("ConfigMap")], ["service-a.yaml", "configmap-a.yaml"]),
        ([an("Service"), an("Service", api=KNATIVE)], ["service-a.yaml", "service.serving.knative.dev-a.yaml"]),
        ([an("Service"), an("Service", namespace="b")], ["service-models-a.yaml", "service-b-a.yaml"]),
        ([an("ClusterRole", "system:a.b", "")], ["clusterrole-system-a.b.yaml"]),
    ],
)
def test_a_file_is_named_for_its_object(objects: list[Object], expected: list[str]) -> None:
    assert list(emit.file_names(objects).values()) == expected
    assert emit.file_names(reversed(objects)) == emit.file_names(objects)


def hostile(random: Random) -> Object:
    names = [
        "a",
        "A",
        "a:b",
        "a-b",
        "a/b",
        "../../etc",
        "..",
        "é",
        "x" * 300,
        "x" * 301,
        "\0",
        "kustomization",
        *STRINGS,
    ]
    kind, group = (
        random.choice(["Service", "../Service", "Kustomization", ""]),
        random.choice(["", "g/v1", "../g/v1", "h/"]),
    )
    return an(kind, random.choice(names), random.choice(["", "b", "a-b", "../b"]), group or "v1")


@pytest.mark.parametrize("seed", range(20))
def test_names_are_distinct_even_without_case_and_stay_in_their_folder(seed: int) -> None:
    random = Random(seed)
    objects = {key_of(obj): obj for obj in (hostile(random) for _ in range(200))}
    names = emit.file_names(objects.values())
    assert names.keys() == objects.keys()
    assert len({name.lower() for name in names.values()}) == len(objects)
    assert all(re.fullmatch(r"[a-z0-9.-]{1,250}\.yaml", name) for name in names.values())
    assert not {"kustomization.yaml", ".yaml", "..yaml"} & set(names.values())


def test_files_do_not_depend_on_the_order_of_objects() -> None:
    base, _ = application(3)
    assert emit.application("a", base, {}, "s") == emit.application("a", base[::-1], {}, "s")


def test_every_file_reads_back_as_its_object() -> None:
    for seed in range(100):
        base, _ = application(seed)
        names, tree = emit.file_names(base), emit.application("a", base, {}, "s")
        for obj in base:
            assert operations(parse(tree[f"base/a/{names[key_of(obj)]}"], ""), obj) == []
