"""Environments and values: files in layers, the more specific one wins, and every value knows its file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, Field, ValidationError, field_validator

from gitops.environments import Secrets, merge, version_tuple
from gitops.values import Layer, Values, layered, validated
from tests.resources.making import environment

PLAIN = st.none() | st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2)
DATA = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(PLAIN, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_size=3,
)


@pytest.mark.parametrize(
    ("lower", "upper", "merged"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}}, {"a": {"x": 1, "y": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({"a": 1}, {"a": {"x": None, "y": 1}}, {"a": {"y": 1}}),
        ({"a": {"x": 1}}, {"a": 2}, {"a": 2}),
        ({}, {"a": {}}, {"a": {}}),
    ],
)
def test_maps_are_merged_anything_else_is_replaced_and_null_removes(lower: Any, upper: Any, merged: Any) -> None:
    assert merge(lower, upper) == merged


@given(DATA, DATA)
def test_merging_the_same_twice_changes_nothing_more(lower: Any, upper: Any) -> None:
    once = merge(lower, upper)

    assert merge(once, upper) == once


@given(DATA, DATA)
def test_merging_changes_neither_side(lower: Any, upper: Any) -> None:
    import copy

    before = copy.deepcopy((lower, upper))
    merge(lower, upper)

    assert (lower, upper) == before


def test_a_value_comes_from_the_last_file_that_has_it() -> None:
    layers = layered([Layer("base.yaml", {"a": 1, "deep": {"x": 1}}), Layer("prod.yaml", {"a": 2, "deep": {"y": 1}})])

    assert layers.merged == {"a": 2, "deep": {"x": 1, "y": 1}}
    assert [layers.origin(path) for path in (("a",), ("deep", "x"), ("deep", "y"), ("deep", "z"), ("none",))] == [
        "prod.yaml",
        "base.yaml",
        "prod.yaml",
        "prod.yaml",
        "prod.yaml",
    ]


@pytest.mark.parametrize(
    ("installed", "release", "runs"),
    [
        ("0.20.0", "0.17.0", True),
        ("0.16.1", "0.17.0", False),
        ("0.9.0", "0.17.0", False),
        ("1.0.0-rc1", "0.17.0", True),
    ],
)
def test_releases_compare_as_numbers(installed: str, release: str, runs: bool) -> None:
    assert environment(crds={"kserve": installed}).runs("kserve", release) is runs


def test_a_project_that_is_not_listed_counts_as_newest() -> None:
    assert environment(crds={}).runs("kserve", "99.0.0")


def test_a_version_has_three_numbers_at_most() -> None:
    assert version_tuple("1.23.0-rc.2") == (1, 23, 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"namespace": "Models"}, "namespace"),
        ({"kubernetes": "v1.34"}, "kubernetes"),
        ({"crds": {"kserve": "latest"}}, "kserve"),
        ({"object_store": {"endpoint": "http://minio:9000"}}, "host:port alone"),
        ({"kafka": {"bootstrap_servers": []}}, "bootstrap_servers"),
        ({"kserve": {"deployment_mode": "Serverless"}}, "deployment_mode"),
        ({"unknown": 1}, "unknown"),
        (
            {"object_store": {"endpoint": "m:9000", "credentials": {"access_key_id": "a", "secret_access_key": "b"}}},
            "stand in clear",
        ),
    ],
)
def test_an_environment_that_could_not_work_is_refused(settings: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        environment(**settings)


def test_a_path_of_secrets_has_known_placeholders_only() -> None:
    assert Secrets(path="{namespace}/{name}").path == "{namespace}/{name}"
    with pytest.raises(ValidationError, match="can be filled in"):
        Secrets(path="{team}/{name}")


def test_only_knative_scales_to_zero() -> None:
    modes = ("Standard", "Knative")

    assert [environment(kserve={"deployment_mode": mode}).scales_to_zero for mode in modes] == [False, True]


class Plain(Values):
    name: str
    replicas: int = 1
    ratio: float = 0.5
    on: bool = False


class Constrained(Values):
    replicas: int = Field(1, ge=1)


class Checked(Values):
    replicas: int = 1

    @field_validator("replicas")
    @classmethod
    def _even(cls, replicas: int) -> int:
        if replicas % 2:
            raise ValueError("odd")
        return replicas


@given(
    st.dictionaries(
        st.sampled_from(["name", "replicas", "ratio", "on", "other"]),
        st.one_of(PLAIN, st.floats(allow_nan=False), st.just("1")),
    )
)
def test_values_are_what_pydantic_makes_of_them_whether_or_not_it_is_asked(data: dict[str, Any]) -> None:
    def outcome(values: Callable[[], Values]) -> Any:
        try:
            found = values()
        except ValidationError as error:
            return error.errors(include_url=False)
        return found, found.model_fields_set

    assert outcome(lambda: validated(Plain, data)) == outcome(lambda: Plain.model_validate(data))


class Stripped(Values):
    model_config = ConfigDict(str_strip_whitespace=True)
    name: str


class Renamed(Values):
    replicas: int = Field(1, validation_alias="count")


def test_a_configuration_of_its_own_counts() -> None:
    assert validated(Stripped, {"name": " a "}) == Stripped(name="a")
    assert validated(Renamed, {"count": 2}).model_dump() == {"replicas": 2}


@pytest.mark.parametrize(("values_type", "value"), [(Constrained, 0), (Checked, 1), (Renamed, 1)])
def test_constraints_and_validators_are_never_passed_over(values_type: type[Values], value: int) -> None:
    with pytest.raises(ValidationError):
        validated(values_type, {"replicas": value})
