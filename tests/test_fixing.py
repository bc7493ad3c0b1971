"""Fixes in a text: what was asked is done, and nothing else."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops.faults import Fix
from gitops.fixing import apply_fixes
from gitops.yaml import dump, parse_all
from gitops.yaml.edit import having, renamed, same, without

TWO = """\
# the first
apiVersion: v1   # v
kind: ConfigMap
data:
  a: yes  # on purpose?
  'b': {x: 1, "y": [1, 2]}
--- # the second
# of two

apiVersion: v1
kind: List
items:
- kind: Secret
  data:
    c: x

    # about d
    d: y
- kind: Service
---
# nothing
---
kind: Last"""


def fixed(text: str, *fixes: tuple[int, Fix], file: str = "f.yaml") -> str:
    new, left = apply_fixes(text, fixes, file)
    assert left == []
    return new


def test_without_fixes_nothing_changes() -> None:
    assert apply_fixes(TWO, [], "f.yaml") == (TWO, [])


@pytest.mark.parametrize(
    ("document", "fix", "before", "after"),
    [
        (0, Fix("set", ("data", "a"), "yes"), "  a: yes  # on", '  a: "yes"  # on'),
        (0, Fix("rename", ("data", "b"), "c"), "  'b': {x", "  'c': {x"),
        (0, Fix("remove", ("data", "b", "y", 0)), '"y": [1, 2]', '"y": [2]'),
        (0, Fix("set", ("metadata",), {"name": "m"}), "[1, 2]}\n", "[1, 2]}\nmetadata:\n  name: m\n"),
        (1, Fix("set", ("items", 1, "name"), "x"), "- kind: Service\n", "- kind: Service\n  name: x\n"),
        (1, Fix("rename", ("items", 0, "data"), "stringData"), "  data:\n    c", "  stringData:\n    c"),
        (1, Fix("remove", ("items", 0, "data", "d")), "    d: y\n", ""),
        (2, Fix("set", ("kind",), "Latest"), "kind: Last", "kind: Latest"),
        (2, Fix("set", ("a",), 1), "kind: Last", "kind: Last\na: 1"),
    ],
)
def test_a_fix_changes_only_its_own_line(document: int, fix: Fix, before: str, after: str) -> None:
    assert TWO.count(before) == 1
    assert fixed(TWO, (document, fix)) == TWO.replace(before, after)


def test_line_breaks_stay_as_they_are() -> None:
    text = TWO.replace("\n", "\r\n")
    new = fixed(text, (0, Fix("set", ("data", "m"), {"k": 1})), (1, Fix("remove", ("items", 0, "data", "c"))))
    assert new == text.replace(" 2]}\r\n", " 2]}\r\n  m:\r\n    k: 1\r\n").replace("    c: x\r\n", "")


def test_paths_are_those_of_the_text_before_any_fix() -> None:
    text = "a:\n- x: 1\n- x: 2\n- x: 3\nb: {c: 1}\n"
    fixes = [
        Fix("remove", ("a", 0)),
        Fix("rename", ("b",), "e"),
        Fix("set", ("a", 2, "x"), 4),
        Fix("rename", ("b", "c"), "d"),
        Fix("rename", ("a", 1, "x"), "z"),
    ]
    for order in (fixes, fixes[::-1]):
        assert fixed(text, *((0, fix) for fix in order)) == "a:\n- z: 2\n- x: 4\ne: {d: 1}\n"


A, B = ("a",), ("a", "b")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Fix("set", A, {}), Fix("set", A, {"b": 2})),
        (Fix("set", A, {}), Fix("remove", A)),
        (Fix("remove", A), Fix("set", B, 1)),
        (Fix("set", B, {}), Fix("remove", A)),
        (Fix("set", A, {"x": 1}), Fix("rename", B, "c")),
        (Fix("rename", A, "x"), Fix("rename", A, "y")),
        (Fix("rename", A, "x"), Fix("remove", A)),
        (Fix("rename", A, "x"), Fix("rename", ("z",), "x")),
        (Fix("rename", A, "x"), Fix("set", ("x", "y"), 1)),
        (Fix("set", ("x",), 1), Fix("rename", A, "x")),
    ],
)
def test_of_two_that_contradict_each_other_the_first_is_made(first: Fix, second: Fix) -> None:
    text = "a:\n  b: {d: 1}\nz: 1\n"
    alone, left = apply_fixes(text, [(0, first)], "f.yaml")
    assert left == []
    assert alone != text
    assert apply_fixes(text, [(0, first), (0, second)], "f.yaml") == (alone, [(0, second)])


def test_one_that_is_asked_twice_is_made_once() -> None:
    fix = (0, Fix("rename", ("a",), "b"))
    assert apply_fixes("a: 1\n", [fix, fix], "f.yaml") == ("b: 1\n", [])


@pytest.mark.parametrize(
    ("text", "document", "fix"),
    [
        ("a: 1\n", 1, Fix("set", ("a",), 2)),
        ("a: 1\n", -1, Fix("set", ("a",), 2)),
        ("a: 1\n", 0, Fix("remove", ("b",))),
        ("a: 1\n", 0, Fix("remove", ())),
        ("a: 1\n", 0, Fix("rename", ("b",), "c")),
        ("a: 1\nb: 2\n", 0, Fix("rename", ("a",), "b")),
        ("a: &x 1\nb: *x\n", 0, Fix("set", ("a",), 2)),
        ("a: [\n", 0, Fix("set", ("a",), 2)),
        ("a: 1\n", 0, Fix("set", ("a",), float("nan"))),
        ("a: 1\n", 0, Fix("set", ("a",), object())),
        ("a: {b: 1}\n", 0, Fix("set", ("a",), 1)),
        ("", 0, Fix("set", ("a",), 1)),
        ('{"a": 1}', 0, Fix("remove", ("b",))),
        ('{"a": 1, "b": 2}', 0, Fix("rename", ("a",), "b")),
    ],
)
def test_what_cannot_be_made_is_told_and_the_text_stays(text: str, document: int, fix: Fix) -> None:
    assert apply_fixes(text, [(document, fix)], "f") == (text, [(document, fix)])


def test_one_that_cannot_be_made_hinders_no_other() -> None:
    bad = (0, Fix("set", ("a",), 2))
    text = "a: [\n---\nb: 1\n"
    assert apply_fixes(text, [bad, (1, Fix("set", ("b",), 2))], "f.yaml") == ("a: [\n---\nb: 2\n", [bad])


INDENTED = '{\n\t"kind": "A",\n\t"spec": {\n\t\t"a": 1,\n\t\t"b": [1, 2]\n\t}\n}\n'


@pytest.mark.parametrize(
    ("text", "fix", "before", "after"),
    [
        (INDENTED, Fix("set", ("spec", "a"), "x"), '"a": 1', '"a": "x"'),
        (INDENTED, Fix("set", ("spec", "c"), True), "2]", '2],\n\t\t"c": true'),
        (INDENTED, Fix("set", ("spec", "a"), {"é": [1]}), "1,\n", '{\n\t\t\t"é": [\n\t\t\t\t1\n\t\t\t]\n\t\t},\n'),
        (INDENTED, Fix("rename", ("kind",), 'k"'), '"kind"', '"k\\""'),
        (INDENTED, Fix("remove", ("kind",)), '"kind": "A",\n\t', ""),
        (INDENTED, Fix("remove", ("spec", "b")), ',\n\t\t"b": [1, 2]', ""),
        ('{"a":{"b":1}}', Fix("remove", ("a", "b")), '"b":1', ""),
        ('{"a":{}}', Fix("set", ("a", "b", "c"), 1), "{}", '{"b": {"c": 1}}'),
        ('{"a":null}', Fix("set", ("a", "b"), 1), "null", '{"b": 1}'),
        ('{"a":"\\ud83d\\ude00\\/"}', Fix("set", ("b",), 1), '"}', '", "b": 1}'),
    ],
)
def test_json_stays_json(text: str, fix: Fix, before: str, after: str) -> None:
    assert text.count(before) == 1
    new = fixed(text, (0, fix), file="f.json")
    assert new == text.replace(before, after)
    json.loads(new)


def test_json_behind_json() -> None:
    new = fixed('{"a": 1}\n {"b": 1}{"c": 1}', (1, Fix("set", ("b",), 2)), (2, Fix("rename", ("c",), "d")))
    assert new == '{"a": 1}\n {"b": 2}{"d": 1}'


# The law: fixes in the text are fixes in the data.

NAMES = st.sampled_from(["a", "b", "c", "on", "1", "x y", "#", "né", "---"])
LEAVES = st.none() | st.booleans() | st.integers(-99, 99) | NAMES | st.just("p\nq\n")
INNER = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(NAMES, INNER, min_size=1, max_size=4)


def places(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(place for key, value in pairs for place in places(value, (*path, key)))]


def random_fix(data: Any, source: random.Random) -> Fix:
    op = source.choice(["set", "set", "rename", "remove"])
    path = source.choice(places(data))
    if op == "set":
        path = source.choice([path, (*path, source.choice(["new", 0])), (*path, "new", "newer")])
        return Fix("set", path, source.choice([1, "on", {"k": [True]}, ["- x"], "l\nm"]))
    return Fix("rename", path, source.choice(["new", "a", "b", "né"])) if op == "rename" else Fix("remove", path)


def expected(data: Any, fixes: list[Fix]) -> Any:
    for fix in [fix for fix in fixes if fix.op == "set"]:
        data = having(data, fix.path, fix.value)
    others = [fix for fix in fixes if fix.op != "set"]
    for fix in sorted(others, key=lambda fix: [(isinstance(s, str), s) for s in fix.path], reverse=True):
        data = renamed(data, fix.path, fix.value) if fix.op == "rename" else without(data, fix.path)
    return data


def flow(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(OBJECTS, min_size=1, max_size=3),
    st.sampled_from([dump, flow]),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_fixes_of_a_text_are_fixes_of_its_data(
    documents: list[Any], write: Any, native: bool, source: random.Random
) -> None:
    text = "--- # next\n".join(f"# above\n{write(data).rstrip()}\n# below\n" for data in documents)
    text = text if native else text.replace("\n", "\r\n")
    fixes = []
    for _ in range(source.randint(1, 5)):
        number = source.randrange(len(documents))
        fixes.append((number, random_fix(documents[number], source)))
    new, left = apply_fixes(text, fixes, "f.yaml")
    made = [each for each in dict.fromkeys(map(repr, fixes)) if each not in map(repr, left)]
    by_text = {repr(each): each for each in fixes}
    for number, data in enumerate(documents):
        mine = [by_text[each][1] for each in made if by_text[each][0] == number]
        assert same(parse_all(new, "f.yaml")[number], expected(data, mine))
    assert new.count("# above") == new.count("# below") == len(documents)
    assert new.count("\r\n") in (0, new.count("\n"))
