"""Whatever is given to `gitops validate`: a verdict in words, exit status 0, 1 or 2, and never a traceback.

It begins with every example of a rule and every real manifest there is, and replaces, renames, mixes and misspells parts of
them (tests/fuzzing.py). GITOPS_TEST_FUZZ says how many files to try instead of a few: 1000 take some ten minutes.
"""

from __future__ import annotations

import copy
import json
import math
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops.disk.manifests import given_in
from tests import fuzzing
from tests.command_line import MINIMAL, Result, gitops, project, put
from tests.rules.judged import broken, service

MANY = int(os.environ.get("GITOPS_TEST_FUZZ", "0"))

fuzz = settings(
    max_examples=MANY or 7,
    derandomize=not MANY,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
SEEDS = st.integers(0, 2**64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("given")


def validate(folder: Path, *arguments: str) -> Result:
    """Run it; whatever it says can be written anywhere and read by whoever asked for the format."""
    result = gitops(folder, "validate", *arguments)
    assert result.status in (0, 1, 2), result.stderr
    assert "Traceback" not in result.stderr
    (result.stdout + result.stderr).encode()
    output = arguments[arguments.index("-o") + 1]
    if result.status < 2 and output in ("json", "sarif"):
        json.loads(result.stdout, parse_constant=pytest.fail)
    elif result.status < 2 and output == "junit":
        ElementTree.fromstring(result.stdout.encode())
    return result


def options(folder: Path, chance: random.Random) -> list[str]:
    """Of a rule's example, or any; now and then an environment of which not all is right."""
    found = list(chance.choice(fuzzing.sources()).options) if chance.random() < 0.5 else []
    found += ["--complete"] * (chance.random() < 0.4)
    if chance.random() < 0.5:
        put(folder, {"environment.yaml": bytes_of([fuzzing.environment(chance)], chance)})
        found += ["-e", "environment.yaml"]
    return found


def bytes_of(objects: list[Any], chance: random.Random) -> bytes:
    return fuzzing.text_of(objects, chance).encode("utf-8", "surrogatepass")


@fuzz
@given(SEEDS)
def test_any_manifests_get_a_verdict(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    put(folder, {"f.yaml": bytes_of(fuzzing.objects(chance, 12), chance)})
    validate(folder, "f.yaml", *options(folder, chance), "-o", chance.choice(fuzzing.OUTPUTS))


@fuzz
@given(SEEDS)
def test_mending_any_manifests_leaves_as_many_and_is_done_at_once(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    before = bytes_of(fuzzing.objects(chance, 8), chance)
    put(folder, {"f.yaml": before})
    arguments = ("f.yaml", *options(folder, chance), "--fix", "-o", "json")
    first = validate(folder, *arguments)
    after = (folder / "f.yaml").read_bytes()

    assert len(given_in(after, "f.yaml")[0]) == len(given_in(before, "f.yaml")[0])
    assert validate(folder, *arguments).stdout == first.stdout
    assert (folder / "f.yaml").read_bytes() == after


@fuzz
@given(SEEDS)
def test_any_change_of_any_manifests_gets_a_verdict(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    objects = fuzzing.objects(chance, 4)
    changed = [fuzzing.changed(copy.deepcopy(each), chance) if chance.random() < 0.6 else each for each in objects]
    put(folder, {"f.yaml": bytes_of(objects, chance)})
    for command in (("init", "-q"), ("add", "f.yaml"), ("commit", "-q", "--allow-empty", "-m", "before")):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *command], cwd=folder, check=True)
    put(folder, {"f.yaml": bytes_of(changed, chance)})
    validate(folder, "f.yaml", *options(folder, chance), "--base", "HEAD", "-o", chance.choice(fuzzing.OUTPUTS))


# ---- a project -------------------------------------------------------------------------------------------------------

SPEC = """\
from gitops import Manifest, Values, application


class IrisValues(Values):
    level: str = "info"


@application
def iris(env, values: IrisValues):
    nan, inf = float("nan"), float("inf")
    made = {made}
    return [Manifest(**each) for each in made]
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project(tmp_path_factory.mktemp("small"), MINIMAL | {"specs/iris.py": SPEC.replace("{made}", "[]")})


def check_project(small: Path) -> None:
    for command in (("validate", "-o", "json"), ("validate",), ("render", "--check"), ("validate", "--fix")):
        result = gitops(small, *command)
        assert result.status in (0, 1, 2), result.stderr
        assert "Traceback" not in result.stderr
        (result.stdout + result.stderr).encode()


@settings(fuzz, max_examples=MANY // 4 or 5)
@given(SEEDS)
def test_any_environment_of_a_project_gets_a_verdict(small: Path, seed: int) -> None:
    chance = random.Random(seed)
    put(small, {"environments/dev/environment.yaml": bytes_of([fuzzing.environment(chance)], chance)})
    put(
        small,
        {"environments/dev/iris.yaml": bytes_of([fuzzing.changed({"level": "x", "enabled": True}, chance)], chance)},
    )
    check_project(small)


@settings(fuzz, max_examples=MANY // 4 or 5)
@given(SEEDS)
def test_any_objects_of_a_spec_get_a_verdict(small: Path, seed: int) -> None:
    chance = random.Random(seed)
    made = list(manifests(fuzzing.objects(chance, 3), chance))
    put(small, {"environments/dev/environment.yaml": "namespace: dev\n", "environments/dev/iris.yaml": "level: a\n"})
    put(small, {"specs/iris.py": SPEC.replace("{made}", repr(made)).encode("utf-8", "backslashreplace")})
    check_project(small)


def manifests(objects: list[Any], chance: random.Random) -> Iterator[dict[str, Any]]:
    """The keywords of Manifest for each, garbage among them."""
    for obj in (each for each in objects if isinstance(each, dict)):
        rest = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind", "metadata")}
        metadata = obj.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        found = {"api_version": obj.get("apiVersion"), "kind": obj.get("kind"), "fields": rest}
        found |= {key: metadata[key] for key in ("name", "namespace", "labels", "annotations") if key in metadata}
        yield fuzzing.changed(found, chance) if chance.random() < 0.5 else found


# ---- what was found --------------------------------------------------------------------------------------------------


def test_an_object_that_is_no_json_is_judged_by_nobody() -> None:
    """Its schema did not look at the other fields either, so that any may have any form."""
    made = service({"spec.predictor": "\ud800"})

    assert broken(made) == {"invalid-value"}


@pytest.mark.parametrize("value", [1e308, -1e308, 1e30, math.nan, math.inf])
def test_a_number_that_no_amount_can_be_is_told(value: float) -> None:
    resources = {"limits": {"cpu": value}}

    assert broken(service({"spec.predictor.model.resources": resources}))


@pytest.mark.parametrize("value", ["9" * 40, "1e400", "1e999999999", "9" * 5000, "\u0663"])
def test_an_amount_that_is_too_much_is_no_fault_of_ours(value: str) -> None:
    broken(service({"spec.predictor.model.resources": {"limits": {"cpu": value, "memory": value}}}))


@pytest.mark.parametrize("topics", [["a", {"a": 1}], [{"a": 1}, {"b": 1}], [{}], ["a", 1], [["a"], "a"]])
def test_an_item_of_another_type_is_not_left_among_texts(topics: list[Any], folder: Path) -> None:
    source = {"apiVersion": "sources.knative.dev/v1", "kind": "KafkaSource", "metadata": {"name": "x"}}
    put(folder, {"f.yaml": fuzzing.block({**source, "spec": {"topics": topics, "bootstrapServers": topics}})})
    told = json.loads(validate(folder, "f.yaml", "-o", "json").stdout)["problems"]

    assert {problem["pointer"][:12] for problem in told if problem["rule"] == "wrong-type"} == {
        "/spec/topics",
        "/spec/bootst",
    }


def test_an_account_may_name_no_secret(folder: Path) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "$x"},
        "stringData": {"AWS_SECRET_ACCESS_KEY": "x"},
    }
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {}, "secrets": [{}]}
    put(folder, {"f.yaml": f"{fuzzing.block(secret)}---\n{fuzzing.block(account)}"})

    assert validate(folder, "f.yaml", "-o", "json").status == 1
