"""Committed overlays read back are what was rendered into them, what Kustomize builds, or a problem: never a guess."""

from __future__ import annotations

import copy
import os
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops import emit, kustomize
from gitops.history import objects_at
from gitops.objects import Object, identical, key_of
from gitops.overlays import Committed, committed_objects
from gitops.problems import Problem
from gitops.project import Project
from gitops.split import split
from gitops.yaml import dump, parse
from gitops.yaml.own import reread
from tests.random_applications import ENVIRONMENTS, Application, application, scope
from tests.test_git import commit, repository, run
from tests.test_roundtrip import differences, needs_kustomize, program, rendered, write
from tests.yaml_corpus import TRICKY

SEEDS = range(int(os.environ.get("GITOPS_TEST_APPLICATIONS", "300")))  # `make lab` takes more


def encoded(tree: Mapping[str, str], folder: str = "") -> dict[str, bytes]:
    return {folder + path: text.encode() for path, text in tree.items()}


def same(found: Committed, environment: str, name: str, wanted: list[Object]) -> bool:
    got = {key_of(each.object): each.object for each in found.objects[environment, name]}
    return got.keys() == {key_of(obj) for obj in wanted} and all(identical(got[key_of(obj)], obj) for obj in wanted)


# What was rendered


def test_what_was_rendered_comes_back() -> None:
    apps = {f"app-{seed}": application(seed) for seed in SEEDS}
    tree = {path: text for name, app in apps.items() for path, text in rendered(name, app).items()}
    found = committed_objects(encoded(tree))

    assert found.problems == ()
    assert found.objects.keys() == {(environment, name) for environment in ENVIRONMENTS for name in apps}
    wrong = [
        (environment, name)
        for name, app in apps.items()
        for environment, objects in app.environments.items()
        if not same(found, environment, name, objects)
    ]
    assert wrong == []


def test_an_object_is_placed_in_the_file_that_holds_it_whole() -> None:
    base = [an("ConfigMap", "a", data={"x": "1"}), an("ConfigMap", "b"), an("Secret", "c")]
    target = [an("ConfigMap", "a", data={"x": "2"}), an("Secret", "c"), an("Secret", "d")]
    found = committed_objects(tree_of(base, target), "overlays")

    assert {each.object["metadata"]["name"]: each.file for each in found.objects["dev", "app"]} == {
        "a": "overlays/base/app/configmap-a.yaml",
        "c": "overlays/base/app/secret-c.yaml",
        "d": "overlays/dev/app/secret-d.yaml",
    }


def test_the_files_of_one_application_are_enough_and_others_are_not_looked_at() -> None:
    tree = encoded(rendered("app", application(3)))
    more = {**tree, "README.md": b"\xff", "dev/README.md": b"\xff", "dev/app/notes.yaml": b"{", "x/y/z/v.yaml": b""}

    assert committed_objects(more) == committed_objects(tree)
    assert (
        committed_objects({f"a/b/{path}": text for path, text in more.items()} | {"dev/x": b""}, "a/b").problems == ()
    )
    assert committed_objects(tree, "elsewhere") == Committed({}) == committed_objects({})


@needs_kustomize
def test_kustomize_builds_the_same_of_what_was_read_back(tmp_path: Path) -> None:
    """Not only of what was rendered: of overlays that somebody changed in ways that can still be read, too."""
    names, source = [f"app-{seed}" for seed in range(40)], random.Random(5)
    tree = {path: text for seed, name in enumerate(names) for path, text in rendered(name, application(seed)).items()}
    for path in [path for path in tree if path.endswith("kustomization.yaml") and not path.startswith("base/")]:
        tree[path] = changed(source, tree[path])
    write(tmp_path, tree)
    found = committed_objects(encoded(tree))

    assert len(found.objects) > 80
    assert len(found.problems) > 10
    for environment in ENVIRONMENTS:
        built = [name for name in names if (environment, name) in found.objects]
        write(tmp_path / f"all-{environment}", {"kustomization.yaml": listing(environment, built)})
        wanted = [each.object for name in built for each in found.objects[environment, name]]
        assert differences(tmp_path / f"all-{environment}", wanted) == []


def listing(environment: str, names: list[str]) -> str:
    return dump({"resources": [f"../{environment}/{name}" for name in names]})


def changed(source: random.Random, text: str) -> str:
    """An overlay as somebody may leave it who edits it by hand."""
    data = parse(text, "")
    patches = data.get("patches", [])
    choice = source.randrange(6)
    if choice == 0 and patches:
        del patches[source.randrange(len(patches))]
    elif choice == 1 and patches:
        patches.append(patches.pop(0))
    elif choice == 2 and patches:
        target = source.choice(patches).get("target", {})
        target.pop(source.choice([*target] or [""]), None)
    elif choice == 3 and patches:
        patches.append(source.choice(patches))
    elif choice == 4:
        data["namespace"] = "moved"
    data = {field: value for field, value in data.items() if value != []} | {"resources": data["resources"]}
    return f"# edited\n{dump(data)}" if choice < 5 else text


def test_an_object_without_a_namespace_is_selected_as_kustomize_takes_it() -> None:
    base = [an("Unknown", "a", "example.com/v1", ""), an("Unknown", "a", "example.com/v1", "elsewhere")]
    target = [{**base[0], "spec": 1}, {**base[1], "spec": 2}]
    tree = tree_of(base, target)

    assert b"namespace: default" in tree[PAGE]
    assert same(committed_objects(tree, "overlays"), "dev", "app", target)


@needs_kustomize
@pytest.mark.parametrize("value", ["|\n    a\n", "|+\n    a\n\n", "|-\n    a", "|\n    a\n# end", "'a '", "a\n\n\n"])
def test_the_end_of_a_patch_is_read_as_kustomize_does(value: str, tmp_path: Path) -> None:
    tree = tree_of(BASE, TARGET)
    patch(f"- op: replace\n  path: /data/x\n  value: {value}")(tree)
    write(tmp_path, {path: content.decode() for path, content in tree.items()})
    found = committed_objects(tree, "overlays").objects["dev", "app"]

    assert differences(tmp_path / "overlays/dev/app", [each.object for each in found]) == []


# What was not


def an(kind: str, name: str = "a", api: str = "v1", namespace: str = "models", **content: Any) -> Object:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **content}


Spoil = Callable[[dict[str, bytes]], object]

BASE = [an("ConfigMap", data={"x": "1"}), an("Secret", "b"), an("ServiceAccount", "robot")]
TARGET = [an("ConfigMap", data={"x": "s3cret"}), an("ServiceAccount", "robot"), an("Secret", "more")]

PAGE = "overlays/dev/app/kustomization.yaml"
BASE_PAGE = "overlays/base/app/kustomization.yaml"
OBJECT = "overlays/base/app/configmap-a.yaml"
OWN = "overlays/dev/app/secret-more.yaml"


def tree_of(base: list[Object], target: list[Object], namespace: str = "models") -> dict[str, bytes]:
    overlay = split(base, target, "models", namespace, scope)
    return encoded(emit.application("app", base, {"dev": overlay}, "specs/app.py"), "overlays/")


def test_the_overlay_that_the_following_tests_spoil_can_be_read() -> None:
    found = committed_objects(tree_of(BASE, TARGET), "overlays")

    assert found.problems == ()
    assert same(found, "dev", "app", TARGET)


def page(change: Callable[[Any], object]) -> Spoil:
    """A change of the data of the overlay's kustomization."""
    return data_of(PAGE, change)


def data_of(path: str, change: Callable[[Any], object]) -> Spoil:
    def apply(files: dict[str, bytes]) -> None:
        data = parse(files[path].decode(), path)
        change(data)
        files[path] = b"# edited\n" + dump(data).encode()

    return apply


def patch(text: str) -> Spoil:
    return page(lambda data: data["patches"][0].update(patch=text))


def target(**fields: Any) -> Spoil:
    return page(lambda data: data["patches"][0]["target"].update(fields))


def put(path: str, content: bytes) -> Spoil:
    return lambda files: files.update({path: content})


SPOILT: dict[str, tuple[str, str, Spoil]] = {
    # what is spoilt: the file in the problem, words of its message, how
    "images": (PAGE, "it has `images`", page(lambda data: data.update(images=[]))),
    "generator": (BASE_PAGE, "it has `secretGenerator`", data_of(BASE_PAGE, lambda d: d.update(secretGenerator=[]))),
    "patches of the base": (BASE_PAGE, "it has `patches`", data_of(BASE_PAGE, lambda data: data.update(patches=[]))),
    "component": (PAGE, "it is no Kustomization", page(lambda data: data.update(kind="Component"))),
    "no kind": (PAGE, "it is no Kustomization", page(lambda data: data.pop("kind"))),
    "a list": (PAGE, "it is no Kustomization", put(PAGE, b"- a\n")),
    "empty": (PAGE, "it is no Kustomization", put(PAGE, b"")),
    "no base": (PAGE, "first resource is not `../../base/app`", page(lambda data: data["resources"].pop(0))),
    "other base": (PAGE, "first resource is not", page(lambda data: data["resources"].insert(0, "../../base/other"))),
    "second base": (PAGE, "`../x` is no committed file", page(lambda data: data["resources"].append("../x"))),
    "a URL": (PAGE, "is no committed file", page(lambda data: data["resources"].append("https://example.com/x"))),
    "not committed": (PAGE, "`x.yaml` is no committed file", page(lambda data: data["resources"].append("x.yaml"))),
    "listed twice": (PAGE, "no list of different files", page(lambda d: d["resources"].append(d["resources"][-1]))),
    "odd resources": (PAGE, "no list of different files", page(lambda data: data["resources"].append(1))),
    "a map of resources": (PAGE, "no list of different files", page(lambda data: data.update(resources={"a": 1}))),
    "no base folder": (BASE_PAGE, "it is not committed", lambda files: files.pop(BASE_PAGE)),
    "other name": ("overlays/dev/app/Kustomization", "only `kustomization.yaml`", put("overlays/dev/app/Kustomization", b"")),
    "syntax": (PAGE, "", put(PAGE, b"a: [\n")),
    "key twice": (OBJECT, "a second time", lambda files: files.update({OBJECT: files[OBJECT] + b"kind: ConfigMap\n"})),
    "UTF-16": (OBJECT, "it is not UTF-8", put(OBJECT, "a: é".encode("utf-16"))),
    "two objects": (OBJECT, "a second document", lambda files: files.update({OBJECT: files[OBJECT] + b"---\na: 1\n"})),
    "a List": (OBJECT, "no single object", put(OBJECT, dump(an("ConfigMapList", items=[an("ConfigMap")])).encode())),
    "no name": (OBJECT, "no single object", data_of(OBJECT, lambda data: data["metadata"].pop("name"))),
    "no metadata": (OBJECT, "no single object", data_of(OBJECT, lambda data: data.update(metadata=None))),
    "odd namespace": (OBJECT, "no single object", data_of(OBJECT, lambda data: data["metadata"].update(namespace=1))),
    "local config": (
        OBJECT,
        "an annotation that tells Kustomize",
        data_of(OBJECT, lambda d: d["metadata"].update(annotations={"config.kubernetes.io/local-config": "true"})),
    ),
    "odd namespace field": (PAGE, "`namespace` is no text", page(lambda data: data.update(namespace=["x"]))),
    "odd patches": (PAGE, "`patches` are no list", page(lambda data: data.update(patches={"a": 1}))),
    "patch from a file": (PAGE, "of another form", page(lambda data: data["patches"].append({"path": "x.yaml"}))),
    "patch with options": (PAGE, "of another form", page(lambda data: data["patches"][0].update(options={}))),
    "patch is no YAML": (PAGE, "a patch is no YAML", patch("- [")),
    "merge patch": (PAGE, "no list of JSON6902", patch("data:\n  x: s3cret\n")),
    "no operations": (PAGE, "no list of JSON6902", patch("[]")),
    "other operation": (PAGE, "no list of JSON6902", patch("- op: copy\n  from: /data/x\n  path: /data/y\n")),
    "odd path": (PAGE, "no list of JSON6902", patch("- op: remove\n  path: data\n")),
    "no value": (PAGE, "no list of JSON6902", patch("- op: add\n  path: /data/y\n")),
    "nothing there": (PAGE, "`remove` fails at /data/y", patch("- op: remove\n  path: /data/y\n")),
    "a test": (PAGE, "`test` fails at /data/x", patch("- op: test\n  path: /data/x\n  value: s3cret\n")),
    "renamed": (PAGE, "changes `/metadata/name`", patch("- op: replace\n  path: /metadata/name\n  value: z\n")),
    "made another": (PAGE, "changes ``", patch("- op: replace\n  path: ''\n  value: {}\n")),
    "no longer one": (PAGE, "what makes it one", patch("- op: remove\n  path: /apiVersion\n")),
    "labels": (PAGE, "by other things than group", target(labelSelector="a=b")),
    "pattern": (PAGE, "more than one text", target(name=".*")),
    "dot": (PAGE, "more than one text", target(name="a.b")),
    "empty pattern": (PAGE, "more than one text", target(name="")),
    "odd pattern": (PAGE, "by other things", target(name=1)),
    "nothing selected": (PAGE, "selects nothing", target(name="z")),
    "several selected": (PAGE, "selects 4 objects", page(lambda data: data["patches"][0].update(target={"version": "v1"}))),
    "twice": (PAGE, "two patches are for one object", page(lambda data: data["patches"].insert(0, data["patches"][0]))),
    "deletes nothing": (PAGE, "there is no such object", page(lambda d: d["patches"].append(deletion(an("Secret", "z"))))),
    "deletes twice": (PAGE, "two patches", page(lambda data: data["patches"].append(deletion(an("Secret", "b"))))),
    "deletes more": (PAGE, "more than which", page(lambda d: d["patches"].append(deletion(an("Secret", "b", data={}))))),
    "merges": (PAGE, "does not delete", page(lambda data: data["patches"].append({"patch": dump(an("Secret", "b"))}))),
    "stands twice": (PAGE, "an object stands twice", put(OWN, dump(an("ConfigMap")).encode())),
    "two become one": (
        PAGE,
        "two objects become one",
        lambda files: (
            put(OWN, dump(an("ConfigMap", namespace="")).encode())(files),
            patch("- op: replace\n  path: /metadata/namespace\n  value: default\n")(files),
        ),
    ),
}  # fmt: skip


def deletion(obj: Object) -> dict[str, str]:
    return {"patch": dump({**obj, "$patch": "delete"})}


@pytest.mark.parametrize(("file", "words", "spoil"), SPOILT.values(), ids=SPOILT)
def test_what_this_tool_would_not_write_is_a_warning_and_no_guess(file: str, words: str, spoil: Spoil) -> None:
    files = tree_of(BASE, TARGET) | encoded(rendered("other", application(1)), "overlays/")
    spoil(files)
    found = committed_objects(files, "overlays")
    (problem,) = [problem for problem in found.problems if "/other/" not in problem.message]

    assert problem.rule == "base-unreadable"
    assert (problem.severity, problem.environments, problem.quotable) == ("warning", ("dev",), False)
    assert problem.location
    assert problem.location.file == file
    assert f"`{file}` cannot be read back: " in problem.message
    assert words in problem.message
    assert ("dev", "app") not in found.objects
    assert ("dev", "other") in found.objects
    assert "s3cret" not in "".join(map(str, problem))


def test_a_base_that_cannot_be_read_is_told_for_each_environment_of_it() -> None:
    tree = encoded(rendered("app", application(1)))
    tree["base/app/kustomization.yaml"] += b"images: []\n"
    found = committed_objects(tree)

    assert found.objects == {}
    assert [problem.environments for problem in found.problems] == [("dev",), ("prod",), ("staging",)]
    assert len({problem._replace(environments=()) for problem in found.problems}) == 1


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (an("RoleBinding", "r", "rbac.authorization.k8s.io/v1"), "of a RoleBinding"),
        (an("CSIDriver", "c", "storage.k8s.io/v1", ""), "of a CSIDriver"),
    ],
    ids=["subjects", "cluster-scoped"],
)
def test_a_namespace_that_may_change_more_is_not_trusted(other: Object, words: str) -> None:
    files = tree_of([*BASE, other], [*BASE, other])
    page(lambda data: data.update(namespace="moved"))(files)
    (problem,) = committed_objects(files, "overlays").problems

    assert words in problem.message


def test_a_reference_that_kustomize_would_change_is_not_trusted() -> None:
    group = an("RoleBinding", "r", "rbac.authorization.k8s.io/v1", subjects=[{"kind": "Group", "name": "robot"}])
    account = {**an("ServiceAccount", "robot"), "secrets": []}
    (problem,) = committed_objects(tree_of([BASE[2], group], [account, group]), "overlays").problems

    assert "Kustomize would change the namespace of what refers to it" in problem.message


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([PAGE, BASE_PAGE, OBJECT]),
    st.integers(0, 600),
    st.integers(0, 40),
    st.text(alphabet="ab:-|[]{}'\"\n #&*!0", max_size=6) | st.sampled_from([*TRICKY, "\0", "\xff", "- - - - - "]),
)
def test_no_edit_of_a_file_ends_in_an_error(path: str, place: int, length: int, text: str) -> None:
    files = tree_of(BASE, TARGET)
    content = files[path]
    files[path] = content[:place] + text.encode("latin-1", "replace") + content[place + length :]
    found = committed_objects(files, "overlays")

    assert (("dev", "app") in found.objects) is not bool(found.problems)


def test_reading_changes_no_object_of_another_environment() -> None:
    app = application(11)
    tree = rendered("app", app)
    found = committed_objects(encoded(tree))
    before = copy.deepcopy(found)

    assert committed_objects(encoded(tree)) == before == found


# Rereading


@pytest.mark.parametrize("text", TRICKY)
def test_what_was_written_is_reread_as_it_was_or_left_to_others(text: str) -> None:
    for data in (text, {"a": [text, {"b": text}]}, [[text]], {text: None} if "\n" not in text else {}):
        written = dump(data)
        found = reread(written, dump)
        assert found is None or identical(found, data), written


def test_most_of_what_was_written_is_reread() -> None:
    texts = [text for seed in range(20) for text in rendered("app", application(seed)).values()]
    bodies = [text.partition("\n")[2] for text in texts]

    assert sum(reread(text, dump) is not None for text in bodies) > 0.8 * len(bodies)


@pytest.mark.parametrize(
    "text",
    [
        *("a: 1 # c\n", "a:   1\n", "b: 1\na: 2\n---\nc: 1\n", "a: on\n", "a: *b\n", "a: &b 1\n", "a: !!str 1\n", "1: a\n"),
        *("a: [\n", "- " * 100_000 + "a\n", "? " * 100_000 + "a\n", "".join(f"{'  ' * i}a:\n" for i in range(2_000))),
        "[" * 255 + "]" * 255 + "\n",
        "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60)),
    ],
    ids=range(14),
)  # fmt: skip
def test_what_was_written_by_others_is_not_reread(text: str) -> None:
    assert reread(text, dump) is None


# From a repository


def test_a_pull_request_is_compared_with_where_it_left_the_other_branch(tmp_path: Path) -> None:
    repo, root = repository(tmp_path), tmp_path / "project"
    project = Project(root, overlays="out")
    commit(repo, {f"project/{path.replace('overlays', 'out')}": text for path, text in tree_of(BASE, TARGET).items()})
    run(repo, "switch", "--quiet", "--create", "work")
    commit(repo, {"project/out/dev/app/kustomization.yaml": b"other: 1\n"})
    run(repo, "switch", "--quiet", "main")
    commit(repo, {"project/out/dev/app/kustomization.yaml": b"another: 1\n"})
    run(repo, "switch", "--quiet", "work")
    found = objects_at(project, "main")

    assert found.problems == ()
    assert same(found, "dev", "app", TARGET)
    assert {each.file.partition("/")[0] for each in found.objects["dev", "app"]} == {"out"}
    problems: tuple[Problem, ...] = objects_at(project, "HEAD").problems
    assert [problem.location and problem.location.file for problem in problems] == ["out/dev/app/kustomization.yaml"]


def test_the_tests_have_kustomize_where_they_say_so() -> None:
    assert program is None or kustomize.version(program)


def test_an_application_without_objects_is_there(tmp_path: Path) -> None:
    nothing = rendered("app", Application([], {environment: [] for environment in ENVIRONMENTS}))

    assert committed_objects(encoded(nothing)).objects == {(environment, "app"): [] for environment in ENVIRONMENTS}
