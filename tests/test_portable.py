"""What Kustomize cannot carry is a problem, found from the rendered text alone where there is nothing to find."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops.portable import faults, suspicious
from gitops.yaml import dump


def config_map(data: Any, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", **metadata}, "data": data}


@pytest.mark.parametrize(
    "value", ["", "on", "a\tb", "a\n\tb", "naïve ☃ 😀", 2**53, -(2**53), 1.5, True, None, [], {}, "é"]
)
def test_ordinary_values_are_carried(value: Any) -> None:
    assert faults(config_map({"key": value})) == ()


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (2**53 + 1, "not-carried"),
        (-(2**64), "not-carried"),
        ("a\x7fb", "not-carried"),
        ("a\x85b", "not-carried"),
        ("a\ufffeb", "not-carried"),
        ("\tfirst\nsecond", "not-carried"),
        (float("nan"), "not-json"),
        (float("inf"), "not-json"),
        ({1: "a"}, "not-json"),
        ({"a"}, "not-json"),
        (b"bytes", "not-json"),
        ("\ud800", "not-carried"),
    ],
)
def test_what_would_be_lost_is_found_at_its_place(value: Any, rule: str) -> None:
    found = faults(config_map({"outer": [value]}))

    assert [(fault.rule, fault.pointer) for fault in found] == [(rule, ("data", "outer", 0))]


@pytest.mark.parametrize("key", ["1", "null", "true", "1.5", "0x1f", "2024-01-01", "on", ""])
def test_annotation_keys_that_read_as_another_type_are_found(key: str) -> None:
    obj = config_map({}, annotations={key: "x"})

    assert [fault.pointer for fault in faults(obj)] == [("metadata", "annotations", key)]
    assert suspicious(dump(obj))


@pytest.mark.parametrize(
    "key",
    [
        "config.kubernetes.io/local-config",
        "config.kubernetes.io/index",
        "internal.config.kubernetes.io/path",
        "config.k8s.io/id",
    ],
)
def test_annotations_that_kustomize_takes_for_its_own_are_found(key: str) -> None:
    obj = config_map({}, annotations={key: "true"})

    assert [fault.pointer for fault in faults(obj)] == [("metadata", "annotations", key)]
    assert suspicious(dump(obj))
    assert suspicious(f"path: /metadata/annotations/{key.replace('/', '~1')}\n")


def test_a_list_of_objects_is_found_before_kustomize_takes_it_apart() -> None:
    obj = {"apiVersion": "example.com/v1", "kind": "ModelList", "metadata": {"name": "m"}, "items": []}

    assert [fault.pointer for fault in faults(obj)] == [("items",)]
    assert suspicious(dump(obj))


@pytest.mark.parametrize(
    "key", ["sidecar.istio.io/inject", "modelFormat", "prometheus.io/port", "kustomize.config.k8s.io/needs-hash"]
)
def test_ordinary_annotation_keys_are_not_even_suspicious(key: str) -> None:
    obj = config_map({}, annotations={key: "x"})

    assert faults(obj) == ()
    assert not suspicious(dump(obj))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_rendered_text_without_suspicion_holds_no_fault(value: Any) -> None:
    obj = config_map(value)

    assert suspicious(dump(obj)) or faults(obj) == ()
