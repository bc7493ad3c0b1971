"""A rule that is not asked, for want of the names that it needs, would have had nothing to say."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from gitops.environments import Environment
from gitops.objects import Object, group_of
from gitops.problems import InvalidInput
from gitops.rules.base import NULL, Cluster, Inventory, Layer, Rule, names_in, rule
from gitops.rules.judge import Bench, checked, judgeable
from gitops.rules.table import RULES
from gitops.schemas.files import library
from gitops.schemas.store import Schemas
from gitops.yaml import parse_all

REPOSITORY = Path(__file__).parents[2]
CASES = REPOSITORY.parent / "shared" / "cases"
CRDS = {"kserve": "0.20.0", "knative-kafka": "1.23.0", "external-secrets": "2.9.0"}
NEEDY = [each for each in RULES if each.needs and not each.update]


@cache
def schemas() -> Schemas:
    return library(REPOSITORY / "schemas").schemas(CRDS, "1.34")


def environment(**more: object) -> Environment:
    given = {"name": "test", "namespace": "models", "kubernetes": "1.34", "crds": CRDS}
    return Environment.model_validate({**given, **more})


def objects(folder: Path) -> list[Object]:
    """What fits its schema of everything that can be read."""
    found = []
    for file in sorted(folder.rglob("*.yaml")):
        try:
            parsed = parse_all(file.read_text(encoding="utf-8"), file.name)
        except (InvalidInput, ValueError):
            continue
        found += [fit for obj in parsed if judgeable(obj) and (fit := checked(obj, schemas()).fit)]
    return found


def unasked(obj: Object) -> list[Rule]:
    kind, names = (group_of(obj["apiVersion"]), obj["kind"]), names_in(obj)
    return [each for each in NEEDY if (not each.on or kind in each.on) and each.needs.isdisjoint(names)]


@pytest.mark.parametrize("mode", ["Standard", "Knative"])
@pytest.mark.parametrize("folder", [Path(__file__).parent, CASES / "invalid"], ids=["examples", "mistakes"])
def test_who_is_not_asked_has_nothing_to_say(folder: Path, mode: str) -> None:
    if not folder.is_dir():
        pytest.skip("the collection of real mistakes in ../shared is not here")
    every = objects(folder)
    where = environment(kserve={"deployment_mode": mode})
    cluster = Cluster(where, schemas(), Inventory(every, schemas(), where.namespace), complete=True)

    spoken = {each.id for obj in every for each in unasked(obj) for _ in each.judge(obj, cluster)}

    assert spoken == set()
    assert len(every) > 50


def test_only_who_finds_a_name_that_is_needed_is_asked() -> None:
    asked = []

    @rule("admission", needs=("deep", "elsewhere"))
    def test_rule(obj: Object, cluster: Cluster):  # type: ignore[no-untyped-def]
        asked.append(obj["metadata"]["name"])
        yield from ()

    where = environment()
    cluster = Cluster(where, schemas(), Inventory([], schemas(), "models"))
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "without"}}
    with_it = {**config, "metadata": {"name": "with"}, "list": [1, [{"deep": None}]]}
    layers: tuple[Layer, ...] = ("admission",)
    bench = Bench([test_rule], where, layers)

    assert [list(bench.judge(obj, cluster)) for obj in (config, with_it)] == [[], []]
    assert asked == ["with"]


def test_an_object_has_the_names_at_any_depth() -> None:
    assert names_in({"a": "b", "c": [{"d": 2.5}, [{"e": 1}], "f"], "g": {}}) == {"a", "c", "d", "e", "g"}


def test_an_object_has_a_null_at_any_depth() -> None:
    assert names_in({"a": [{"b": [None]}]}) == {"a", "b", NULL}
