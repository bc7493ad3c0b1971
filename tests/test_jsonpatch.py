"""Operations are exact, guarded and short; the evaluator is strict and leaves its input alone."""

from __future__ import annotations

import copy
import re
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops.jsonpatch import Operation, evaluate, operations
from gitops.objects import identical
from tests.random_applications import mutate, value

A, B, C, D = ({"name": name, "value": name * 3, "more": [1, 2, 3]} for name in "abcd")
LONG = [f"element-{index}" for index in range(9)]


def spelled(changes: list[Operation]) -> list[str]:
    """`test /a/0/name`, one line an operation."""
    return [f"{change['op']} {change['path']}" for change in changes]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": True}, ["replace /a"]),
        ({"a": 0}, {"a": False}, ["replace /a"]),
        ({"a": [0]}, {"a": [False]}, ["replace /a"]),
        ({"a": None}, {}, ["remove /a"]),
        ({}, {"a": None}, ["add /a"]),
        ({"a": {"b": {"c": 1, "d": 1}}}, {"a": {"b": {"c": 2, "d": 1}}}, ["replace /a/b/c"]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3, "d": 4}}, ["remove /a/b", "replace /a/c", "add /a/d"]),
        ({"a": {"b": 1}}, {"a": {"c": 1}}, ["replace /a"]),
        ({"a": {"b": 1}}, {"a": {}}, ["remove /a/b"]),
        ({"a": {}}, {"a": {"b": 1}}, ["add /a/b"]),
        ({"a": {}}, {"a": []}, ["replace /a"]),
        (
            {"a/b": 1, "~": 1, "": 1, "c": 0},
            {"a/b": 2, "~": 2, "": 2, "c": 0},
            ["replace /", "replace /a~1b", "replace /~0"],
        ),
        ({"a": "x"}, {"a": {"b": 1}}, ["replace /a"]),
    ],
)
def test_maps_change_key_by_key(old: Any, new: Any, expected: list[str]) -> None:
    assert spelled(operations(old, new)) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([A], [A, B], ["add /l/-"]),
        ([A], [A, B, C], ["add /l/-", "add /l/-"]),
        ([B, C], [A, B, C], ["test /l/0/name", "add /l/0"]),
        ([B, D], [A, B, C, D], ["test /l/0/name", "add /l/0", "test /l/2/name", "add /l/2"]),
        ([C], [A, B, C], ["test /l/0/name", "add /l/0", "add /l/1"]),
        ([A, B, C], [A, C], ["test /l/1/name", "remove /l/1"]),
        ([A, B, C, D], [C, D], ["test /l/0/name", "remove /l/0", "test /l/0/name", "remove /l/0"]),
        ([A, B], [A, {**B, "value": "x"}], ["test /l/1/name", "replace /l/1/value"]),
        ([A, B], [A, {**B, "value": "x", "n": 1}], ["test /l/1/name", "add /l/1/n", "replace /l/1/value"]),
        (
            [A, B, C],
            [{**B, "value": "x"}, C],
            ["test /l/0/name", "remove /l/0", "test /l/0/name", "replace /l/0/value"],
        ),
        ([A, B, C], [A, D, C], ["test /l/1/name", "replace /l/1"]),
        ([A, B, C, D], [A, C, D, B], ["replace /l"]),
        (LONG, [*LONG[:4], "x", *LONG[5:]], ["test /l/4", "replace /l/4"]),
        (LONG, [*LONG, LONG[0]], ["add /l/-"]),
        (LONG, LONG[1:], ["test /l/0", "remove /l/0"]),
        (LONG, LONG[::-1], ["replace /l"]),
        (LONG, [], ["replace /l"]),
        ([], LONG[:1], ["add /l/-"]),
        (["a"], ["b"], ["replace /l"]),
        (["a", "a", *LONG], ["a", *LONG], ["test /l/1", "remove /l/1"]),
        ([{"key": 1, "v": 1}, *LONG], [{"key": 1, "v": 2}, *LONG], ["test /l/0", "replace /l/0/v"]),
        ([[1, 2, 3], *LONG], [[1, 2, 3, 4], *LONG], ["test /l/0", "add /l/0/-"]),
        ([None, *LONG], LONG, ["replace /l"]),
        ([{"a": [None]}, *LONG], LONG, ["replace /l"]),
        ([{"a": {"name": "b", "c": [None]}}, *LONG], LONG, ["replace /l"]),
        ([0.5, *LONG], LONG, ["replace /l"]),
        ([{"a": None}, *LONG], LONG, ["test /l/0", "remove /l/0"]),
    ],
)
def test_lists_change_by_guarded_index_or_as_a_whole(old: Any, new: Any, expected: list[str]) -> None:
    changes = operations({"l": old}, {"l": new})
    assert spelled(changes) == expected
    assert evaluate({"l": old}, changes) == {"l": new}


def test_a_guard_tests_the_name_or_else_the_old_element() -> None:
    changes = operations({"l": [A, *LONG]}, {"l": [{**A, "value": 1}, "x", *LONG[1:]]})
    assert [change["value"] for change in changes if change["op"] == "test"] == ["a", LONG[0]]


def test_nested_lists_are_guarded_at_every_level() -> None:
    old = {"containers": [{"name": "app", "image": "i", "command": LONG, "env": [A, B, C]}]}
    new = copy.deepcopy(old)
    new["containers"][0]["env"][1]["value"] = "x"
    assert spelled(operations(old, new)) == [
        "test /containers/0/name",
        "test /containers/0/env/1/name",
        "replace /containers/0/env/1/value",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"op": "remove", "path": "/x"},
        {"op": "replace", "path": "/x", "value": 1},
        {"op": "test", "path": "/x", "value": None},
        {"op": "test", "path": "/a", "value": True},
        {"op": "test", "path": "/l/0/name", "value": "b"},
        {"op": "remove", "path": "/l/2"},
        {"op": "replace", "path": "/l/-", "value": 1},
        {"op": "add", "path": "/l/3", "value": 1},
        {"op": "remove", "path": "/l/-1"},
        {"op": "remove", "path": "/l/00"},
        {"op": "remove", "path": "/l/\u0660"},
        {"op": "add", "path": "/l/x", "value": 1},
        {"op": "add", "path": "/x/y", "value": 1},
        {"op": "add", "path": "/a/y", "value": 1},
        {"op": "add", "path": "/s/0", "value": 1},
        {"op": "move", "path": "/a", "from": "/l"},
        {"op": "remove", "path": ""},
    ],
)
def test_an_operation_that_cannot_be_done_names_its_path(change: Operation) -> None:
    with pytest.raises(ValueError, match=re.escape(f"`{change['op']}` fails at {change['path']}")):
        evaluate({"a": 1, "s": "text", "l": [A, B]}, [change])


def test_evaluation_shares_what_stays_and_changes_nothing_in_place() -> None:
    old = {"a": {"b": [A, B]}, "c": {"d": 1}}
    before = copy.deepcopy(old)
    new = evaluate(old, [{"op": "replace", "path": "/a/b/1/value", "value": 1}, {"op": "remove", "path": "/a/b/0"}])
    assert old == before
    assert new["c"] is old["c"]
    assert new["a"]["b"] == [{**B, "value": 1}]


leaves = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "b", "~/", "0", "\n"])
documents = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner | st.builds(lambda n, v: {"name": n, "v": v}, st.sampled_from("abc"), inner), max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "~/", "", "name", "0"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(old=documents, new=documents)
def test_operations_lead_from_any_value_to_any_other(old: Any, new: Any) -> None:
    before = copy.deepcopy(old)
    changes = operations(old, new)
    assert identical(evaluate(old, changes), new)
    assert identical(old, before)
    assert bool(changes) is not identical(old, new)


def unguarded(document: Any, changes: list[Operation]) -> list[str]:
    """Operations at or below a list index whose element no `test` has looked at since indices last moved."""
    found, tested = [], set[str]()
    for change in changes:
        for index in _indices(document, change["path"]):
            if change["op"] == "test":
                tested.add(index)
            elif index not in tested:
                found.append(change["path"])
        document = evaluate(document, [change])
        if change["op"] == "remove":
            tested.discard(change["path"])
        if change["op"] == "add" and change["path"] in tested:  # the element tested has moved on by one
            head, _, last = change["path"].rpartition("/")
            tested.add(f"{head}/{int(last) + 1}")
    return found


def _indices(document: Any, path: str) -> list[str]:
    prefixes = []
    parts = path.split("/")
    for depth, part in enumerate(parts[1:], 1):
        if isinstance(document, list):
            if part == "-" or (index := int(part)) >= len(document):
                break
            prefixes.append("/".join(parts[: depth + 1]))
            document = document[index]
        else:
            document = document.get(part.replace("~1", "/").replace("~0", "~"))
    return prefixes


@pytest.mark.parametrize("block", range(4))
def test_no_operation_touches_a_list_index_unguarded(block: int) -> None:
    for seed in range(block * 500, block * 500 + 500):
        random = Random(seed)
        old = {"spec": value(random, 4), "list": [A, B, *LONG]}
        new = mutate(random, mutate(random, old))
        changes = operations(old, new)
        assert identical(evaluate(old, changes), new)
        if type(old) is type(new) and "" not in [change["path"] for change in changes]:
            assert unguarded(old, changes) == []
