"""What the API server checks of custom resources beyond JSON schema; each verdict here is a real API server's (1.34)."""

from __future__ import annotations

import copy
import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml12 import parse_yaml

from gitops.faults import Fault, Fix
from gitops.rules.judge import checked
from gitops.schemas import cel
from gitops.schemas.compiled import compile_schema
from gitops.schemas.defaults import defaulted
from gitops.schemas.files import library
from gitops.schemas.kind import Kind
from gitops.schemas.prepare import prepare
from gitops.schemas.share import encode
from gitops.schemas.store import Schemas
from gitops.schemas.tree import Rule, tree
from tests.test_schemas import CASES, CRDS, EITHER, INT, SHIPPED, TEXT, crd, fields, isvc, obj, thing

BREAKS = "the API server evaluates this rule of the CustomResourceDefinition (CEL) and refuses such an object"
REPEATS = "the API server refuses a list that repeats what it must tell items apart by"


def kind(spec: dict[str, Any], **root: Any) -> Kind:
    (prepared,) = prepare(crd(spec, **root))
    schema = json.loads(encode(prepared.schema))
    return Kind(compile_schema(encode(schema)), lambda: schema, prepared.scope, tree(schema))


def faults(spec: dict[str, Any], value: Any, old: Any = None, **metadata: Any) -> tuple[Fault, ...]:
    return kind(spec).faults(thing(value, **metadata), None if old is None else thing(old))


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return library(SHIPPED).schemas(CRDS | {"strimzi": "1.2.0", "ack-s3": "1.10.0"}, "1.34")


# --- lists ---------------------------------------------------------------------------------------------------------


def listed(items: dict[str, Any], kind: str, *keys: str) -> dict[str, Any]:
    more = {"x-kubernetes-list-map-keys": [*keys]} if keys else {}
    return fields(a={"type": "array", "items": items, "x-kubernetes-list-type": kind, **more})


NAMED = listed(fields(("name",), name=TEXT, value=TEXT), "map", "name")
PORTS = listed(fields(("port",), port=INT, protocol={**TEXT, "default": "TCP"}), "map", "port", "protocol")
UNKEYED = listed(fields(name=TEXT), "map", "name")


@pytest.mark.parametrize(
    ("spec", "items", "repeated"),
    [
        pytest.param(listed(TEXT, "set"), ["a", "b"], [], id="a set without equal items"),
        pytest.param(listed(TEXT, "set"), ["a", "b", "a", "a"], [2, 3], id="a set with equal items"),
        pytest.param(listed(EITHER, "set"), [1, "1"], [], id="the number 1 is not the text 1"),
        pytest.param(
            listed({**fields(b=INT, c=INT), "x-kubernetes-map-type": "atomic"}, "set"),
            *([{"b": 1, "c": 2}, {"c": 2, "b": 1}], [1]),
            id="a set of objects, whatever the order of their fields",
        ),
        pytest.param(listed(TEXT, "atomic"), ["a", "a"], [], id="an atomic list may repeat"),
        pytest.param(NAMED, [{"name": "a", "value": "1"}, {"name": "b", "value": "1"}], [], id="other keys"),
        pytest.param(NAMED, [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}], [1], id="the same key"),
        pytest.param(PORTS, [{"port": 1}, {"port": 1, "protocol": "UDP"}], [], id="one of two keys differs"),
        pytest.param(PORTS, [{"port": 1}, {"port": 1, "protocol": "TCP"}], [1], id="a key that is defaulted"),
        pytest.param(PORTS, [{"port": 1}, {"port": 1, "protocol": None}], [1], id="a key that is null"),
        pytest.param(UNKEYED, [{}, {"name": "a"}, {}], [2], id="two items without the key"),
    ],
)
def test_a_list_may_not_repeat_what_tells_its_items_apart(spec: Any, items: list[Any], repeated: list[int]) -> None:
    found = [fault for fault in faults(spec, {"a": items}) if fault.rule == "duplicate-item"]
    assert [fault.pointer for fault in found] == [("spec", "a", index) for index in repeated]


def test_lists_are_compared_wherever_they_are_and_only_there() -> None:
    deep = fields(b={"type": "array", "items": NAMED}, c={"type": "object", "additionalProperties": NAMED})
    twice = {"a": [{"name": "x"}, {"name": "x"}]}
    found = faults(deep, {"b": [{}, twice], "c": {"k.k": twice}})
    assert [fault.pointer for fault in found] == [("spec", "b", 1, "a", 1), ("spec", "c", "k.k", "a", 1)]
    assert faults(deep, {"b": None, "c": {"x": None}}) == ()


def test_what_is_no_list_of_objects_is_only_of_the_wrong_type() -> None:
    assert [fault.rule for fault in faults(NAMED, {"a": ["x", "x"]})] == ["wrong-type", "wrong-type"]
    assert [fault.rule for fault in faults(NAMED, {"a": "xx"})] == ["wrong-type"]


def test_a_repeated_variable_is_found_in_an_inference_service(schemas: Schemas) -> None:
    env = [{"name": "HF_HOME", "value": "/a"}, {"name": "B"}, {"name": "HF_HOME", "value": "/b"}]
    assert schemas.faults(isvc({"model": {"modelFormat": {"name": "x"}, "env": env}})) == (
        Fault(
            rule="duplicate-item",
            pointer=("spec", "predictor", "model", "env", 2),
            message='`spec.predictor.model.env[2]` repeats the name "HF_HOME" of `spec.predictor.model.env[0]`',
            found='{"name": "HF_HOME", "value": "/b"}',
            expected="items that differ in `name`",
            why=REPEATS,
            hint="remove one of the two",
        ),
    )


def test_a_whole_repetition_can_go() -> None:
    one, other = {"name": "a", "value": "1"}, {"name": "a", "value": "2"}
    found = faults(NAMED, {"a": [one, other, one]})
    assert [fault.fix for fault in found] == [None, Fix("remove", ("spec", "a", 2))]


def test_lists_of_core_kinds_are_left_to_their_own_rules(schemas: Schemas) -> None:
    container = {"name": "a", "image": "b", "env": [{"name": "A"}, {"name": "A"}]}
    assert schemas.faults(obj("v1", "Pod", spec={"containers": [container]})) == ()


# --- defaults ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "value", "stored"),
    [
        (fields(a={**INT, "default": 1}, b=INT), {}, {"a": 1}),
        (fields(a={**INT, "default": 1}), {"a": None}, {"a": 1}),
        (fields(a={**INT, "default": 1}), {"a": 2}, {"a": 2}),
        (fields(a=INT), {"a": None}, {}),
        (fields(a={**INT, "nullable": True}), {"a": None}, {"a": None}),
        (fields(a={**INT, "nullable": True, "default": 1}), {"a": None}, {"a": None}),
        (fields(a=fields(b={**INT, "default": 1})), {}, {}),
        (fields(a=fields(b={**INT, "default": 1})), {"a": {}}, {"a": {"b": 1}}),
        (fields(a={**fields(b={**INT, "default": 1}), "default": {}}), {}, {"a": {"b": 1}}),
        (fields(a={"type": "array", "items": fields(b={**INT, "default": 1})}), {"a": [{}]}, {"a": [{"b": 1}]}),
        (fields(a={"type": "array", "items": {**INT, "default": 1}}), {"a": [None, 2]}, {"a": [1, 2]}),
        (fields(a={"type": "array", "items": INT}), {"a": [None]}, {"a": [None]}),
        ({"type": "object", "additionalProperties": {**INT, "default": 1}}, {"x": None}, {"x": 1}),
        ({"type": "object", "additionalProperties": INT}, {"x": None}, {}),
        ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, {"x": None}, {"x": None}),
    ],
)
def test_an_object_is_stored_with_its_defaults_and_without_its_nulls(spec: Any, value: Any, stored: Any) -> None:
    before = copy.deepcopy(value)
    assert defaulted(value, tree(prepare(crd(spec))[0].schema).properties["spec"]) == stored
    assert value == before


def test_what_needs_no_default_is_not_copied(schemas: Schemas) -> None:
    model = {"modelFormat": {"name": "x"}}
    given_object = isvc(
        {"model": model, "containers": [{"name": "a", "ports": [{"containerPort": 1}]}], "tolerations": None}
    )
    stored = schemas.stored(given_object)
    assert stored["spec"]["predictor"]["containers"][0]["ports"] == [{"containerPort": 1, "protocol": "TCP"}]
    assert "tolerations" not in stored["spec"]["predictor"]
    assert stored["spec"]["predictor"]["model"] is model
    assert given_object["spec"]["predictor"]["tolerations"] is None
    configmap = obj("v1", "ConfigMap", data=None)
    assert schemas.stored(configmap) is configmap


VALUES = st.recursive(
    st.none() | st.integers(0, 2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abx"), inner, max_size=3),
    max_leaves=10,
)
SPECS = st.recursive(
    st.sampled_from([INT, {**INT, "default": 1}, {**INT, "nullable": True}, {**INT, "nullable": True, "default": 2}]),
    lambda inner: (
        st.dictionaries(st.sampled_from("ab"), inner, max_size=2).map(lambda named: fields(**named))
        | inner.map(lambda each: {"type": "array", "items": each})
        | inner.map(lambda each: {"type": "object", "additionalProperties": each})
        | st.tuples(inner, VALUES).map(lambda both: {**both[0], "default": both[1]})
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(SPECS, VALUES)
def test_defaults_come_once(spec: Any, value: Any) -> None:
    root = tree(prepare(crd(fields(a=spec)))[0].schema).properties["spec"]
    once = defaulted(value, root)
    assert defaulted(once, root) == once


@pytest.mark.parametrize(
    ("spec", "value", "good"),
    [
        ({**fields(b=INT, c=INT), "minProperties": 1}, {"b": None}, False),
        ({**fields(b=INT, c=INT), "maxProperties": 1}, {"b": None, "c": 1}, True),
        ({**fields(b={**INT, "default": 1}, c=INT), "maxProperties": 1}, {"c": 1}, False),
        ({**fields(b=INT, c=INT), "oneOf": [{"required": ["b"]}, {"required": ["c"]}]}, {"b": None, "c": 1}, True),
        ({**fields(b=INT), "not": {"required": ["b"]}}, {"b": None}, True),
    ],
)
def test_nulls_are_not_counted_and_defaults_are(spec: Any, value: Any, good: bool) -> None:
    assert (faults(fields(a=spec), {"a": value}) == ()) is good


# --- rules ---------------------------------------------------------------------------------------------------------


def ruled(schema: dict[str, Any], *rules: str | dict[str, Any]) -> dict[str, Any]:
    each = [rule if isinstance(rule, dict) else {"rule": rule} for rule in rules]
    return {**schema, "x-kubernetes-validations": each}


AB = fields(a=INT, b=INT)
RULES = [
    pytest.param(ruled(AB, "self.a <= self.b"), [{"a": 1, "b": 2}], [{"a": 3, "b": 2}], id="a rule over two fields"),
    pytest.param(
        ruled(AB, "self.a <= self.b"), [], [{"a": 1}, {}, {"a": 1, "b": None}], id="a field that is not there"
    ),
    pytest.param(ruled(AB, "!has(self.a) || has(self.b)"), [{}, {"b": 1}, {"a": 1, "b": 1}], [{"a": 1}], id="has"),
    pytest.param(
        ruled(fields(a={**INT, "nullable": True}), "!has(self.a) || dyn(self.a) == null"),
        *([{"a": None}, {}], [{"a": 1}]),
        id="a null that may be",
    ),
    pytest.param(fields(a=ruled(INT, "self > 1")), [{"a": 2}, {}, {"a": None}], [{"a": 1}], id="a rule on a number"),
    pytest.param(
        fields(a=ruled({**INT, "default": 0}, "self > 1"), b=ruled({**INT, "default": 5}, "self > 1")),
        *([{"a": 2}], [{}, {"a": 2, "b": 1}]),
        id="defaults are judged as well",
    ),
    pytest.param(ruled(fields(a={**INT, "default": 3}), "self.a == 3"), [{}, {"a": None}], [{"a": 4}], id="a default"),
    pytest.param(
        ruled(fields(a={"type": "number"}), "self.a / 2.0 < 1.0"), [{"a": 1}, {"a": 1.5}], [{"a": 2}], id="a fraction"
    ),
    pytest.param(
        ruled(fields(a=EITHER), "type(self.a) == int ? self.a < 9 : self.a.endsWith('%')"),
        *([{"a": 8}, {"a": "8%"}], [{"a": 9}, {"a": "9"}]),
        id="int or string",
    ),
    pytest.param(
        ruled(
            fields(**{"namespace": TEXT, "x-y": TEXT, "z.w": TEXT, "a__b": TEXT}),
            "self.__namespace__ == self.x__dash__y",
        ),
        *([{"namespace": "a", "x-y": "a"}], [{"namespace": "a", "x-y": "b"}]),
        id="escaped names",
    ),
    pytest.param(
        ruled(
            fields(**{"z.w": TEXT, "a__b": TEXT, "c/d": TEXT}),
            "self.z__dot__w + self.c__slash__d == self.a__underscores__b",
        ),
        *([{"z.w": "a", "a__b": "ab", "c/d": "b"}], [{"z.w": "a", "a__b": "b", "c/d": "b"}]),
        id="more escaped names",
    ),
    pytest.param(
        ruled({"type": "object", "additionalProperties": INT}, "self.all(key, key.startsWith('x-') && self[key] > 0)"),
        *([{"x-a": 1}, {}], [{"a": 1}, {"x-a": 0}]),
        id="a map",
    ),
    pytest.param(
        fields(a=ruled({"type": "array", "items": fields(n=INT)}, "self.exists_one(x, has(x.n) && x.n == 1)")),
        *([{"a": [{"n": 1}, {}]}], [{"a": []}, {"a": [{"n": 1}, {"n": 1}]}]),
        id="exists_one",
    ),
    pytest.param(
        fields(a={"type": "array", "items": ruled(TEXT, "self.matches('^[a-z]+$')")}),
        *([{"a": ["x"]}], [{"a": ["x", "X"]}]),
        id="matches, on items",
    ),
    pytest.param(
        ruled(fields(a=TEXT), "!has(self.a) || duration(self.a) > duration('1m')"),
        *([{"a": "1h30m"}, {}], [{"a": "1s"}, {"a": "soon"}]),
        id="durations",
    ),
    pytest.param(ruled(AB, "self.?a.orValue(1) == 1"), [{}, {"a": 1}], [{"a": 2}], id="optional fields"),
    pytest.param(
        {**ruled(AB, "!has(self.b) || self.b > 0"), "allOf": [{"x-kubernetes-validations": [{"rule": "has(self.a)"}]}]},
        *([{"a": 1}], [{}, {"b": 1}]),
        id="rules of what else must hold",
    ),
    pytest.param(ruled(AB, "1 / self.a == 1"), [{"a": 1}], [{"a": 0}], id="a division by zero"),
]


@pytest.mark.parametrize(("spec", "good", "bad"), RULES)
def test_rules_hold_or_are_faults(spec: Any, good: list[Any], bad: list[Any]) -> None:
    judge = kind(spec)
    assert [judge.faults(thing(each), None) for each in good] == [()] * len(good)
    assert [[fault.rule for fault in judge.faults(thing(each), None)] for each in bad] == [["schema-rule"]] * len(bad)


TRANSITIONS = [
    pytest.param(ruled(fields(a=TEXT), "self.a == oldSelf.a"), {"a": "x"}, {"a": "x"}, True, id="unchanged"),
    pytest.param(ruled(fields(a=TEXT), "self.a == oldSelf.a"), {"a": "x"}, {"a": "y"}, False, id="changed"),
    pytest.param(fields(a=ruled(TEXT, "self == oldSelf")), {}, {"a": "y"}, True, id="new"),
    pytest.param(fields(a=ruled(TEXT, "self == oldSelf")), {"a": "x"}, {}, True, id="gone"),
    pytest.param(
        fields(a=ruled({**TEXT, "default": "x"}, "self == oldSelf")), {}, {"a": "x"}, True, id="as the default was"
    ),
    pytest.param(
        fields(a=ruled({**TEXT, "default": "x"}, "self == oldSelf")), {}, {"a": "y"}, False, id="not as the default was"
    ),
    pytest.param(
        listed(fields(("name",), name=TEXT, value=ruled(TEXT, "self == oldSelf")), "map", "name"),
        {"a": [{"name": "n", "value": "1"}, {"name": "m", "value": "2"}]},
        {"a": [{"name": "m", "value": "2"}, {"name": "n", "value": "1"}]},
        True,
        id="items of a map list are matched by their keys",
    ),
    pytest.param(
        listed(fields(("name",), name=TEXT, value=ruled(TEXT, "self == oldSelf")), "map", "name"),
        {"a": [{"name": "n", "value": "1"}]},
        {"a": [{"name": "m", "value": "1"}, {"name": "n", "value": "2"}]},
        False,
        id="and so found changed",
    ),
    pytest.param(
        fields(a={"type": "array", "items": ruled(TEXT, "self == oldSelf")}),
        {"a": ["x"]},
        {"a": ["y"]},
        True,
        id="items of other lists have no past",
    ),
]


@pytest.mark.parametrize(("spec", "old", "new", "good"), TRANSITIONS)
def test_rules_on_changes_need_the_object_as_it_was(spec: Any, old: Any, new: Any, good: bool) -> None:
    assert faults(spec, new) == ()
    assert (faults(spec, new, old) == ()) is good


def test_a_rule_may_ask_for_a_past_that_need_not_be() -> None:
    rule = {"rule": "!oldSelf.hasValue() || self >= oldSelf.value()", "optionalOldSelf": True}
    spec = fields(a=ruled(INT, rule), b=ruled(INT, {**rule, "rule": "oldSelf.hasValue()"}))
    assert faults(spec, {"a": 1}) == ()
    assert faults(spec, {"a": 2}, {"a": 1}) == ()
    assert [fault.pointer for fault in faults(spec, {"a": 1}, {"a": 2})] == [("spec", "a")]
    assert [fault.pointer for fault in faults(spec, {"b": 1})] == [("spec", "b")]


def test_an_immutable_field_of_a_shipped_kind_is_told(schemas: Schemas) -> None:
    old = obj("serving.kserve.io/v1alpha1", "LocalModelCache")
    old["spec"] = {"sourceModelUri": "s3://a/b", "modelSize": "1Gi", "nodeGroups": ["g"]}
    new = {**old, "spec": {**old["spec"], "sourceModelUri": "s3://a/c"}}
    assert schemas.faults(new) == schemas.faults(new, new) == ()
    (fault,) = schemas.faults(new, old)
    assert checked(new, schemas, old).faults == (fault,)
    assert (fault.rule, fault.pointer, fault.expected) == ("schema-rule", ("spec", "sourceModelUri"), "self == oldSelf")


@pytest.mark.parametrize(
    ("rule", "message", "pointer", "expected", "hint"),
    [
        ({"rule": "self.a < 1"}, "`spec`: breaks a rule of its CustomResourceDefinition", ("spec",), "self.a < 1", ""),
        ({"rule": "self.a < 1", "message": "too many"}, "`spec`: too many", ("spec",), "self.a < 1", ""),
        ({"rule": "self.a\n  < 1", "message": "no"}, "`spec`: no", ("spec",), "self.a < 1", ""),
        (
            {"rule": "self.a < 1", "fieldPath": ".b.c"},
            *("`spec.b.c`: breaks a rule of its CustomResourceDefinition", ("spec", "b", "c"), "self.a < 1", ""),
        ),
        (
            {"rule": "self.a < 1", "messageExpression": "'a is ' + string(self.a)", "message": "no"},
            *("`spec`: a is 7", ("spec",), "self.a < 1", ""),
        ),
        (
            {"rule": "self.a < 1", "messageExpression": "self.b.c", "message": "no"},
            *("`spec`: no", ("spec",), "self.a < 1", ""),
        ),
        (
            {"rule": "self.a < 1", "messageExpression": "'x\\ny'", "message": "no"},
            *("`spec`: no", ("spec",), "self.a < 1", ""),
        ),
        (
            {"rule": "self.b.c == 1", "message": "c must be 1"},
            '`spec`: its rule cannot be evaluated: Key not found in map : "b"',
            *(("spec",), "self.b.c == 1", "c must be 1"),
        ),
    ],
)
def test_a_broken_rule_is_told_in_its_own_words(
    rule: dict[str, Any], message: str, pointer: Any, expected: str, hint: str
) -> None:
    spec = ruled(fields(a=INT, b=fields(c=INT)), rule)
    assert faults(spec, {"a": 7}) == (Fault("schema-rule", pointer, message, '{"a": 7}', expected, BREAKS, hint),)


def test_a_long_rule_is_cut() -> None:
    (fault,) = faults(ruled(AB, " && ".join(["self.a == 1"] * 40)), {"a": 2})
    assert len(fault.expected) == 240


def test_a_rule_that_cannot_be_evaluated_here_is_told_and_is_no_error() -> None:
    spec = fields(
        a=ruled(TEXT, "isURL(self)"),
        b=ruled({**TEXT, "format": "date-time"}, "self > timestamp('2026-01-01T00:00:00Z')"),
    )
    found = faults(spec, {"a": "x", "b": "2026-01-31T12:00:00Z"})
    assert [(fault.rule, fault.severity, fault.pointer) for fault in found] == [
        ("unchecked-rule", "warning", ("spec", "a")),
        ("unchecked-rule", "warning", ("spec", "b")),
    ]
    assert (
        found[0].message == "a rule on `spec.a` is not checked: 1:6: undeclared reference to 'isURL' (in container '')"
    )


@pytest.mark.parametrize(
    "value", [2**70, 10**400, float("nan"), "\ud800", "a\0b", {"a": [1] * 1000}, {1: 2}, b"a", (1,)]
)
def test_no_value_is_too_strange_for_a_rule(value: Any) -> None:
    anything = {"x-kubernetes-preserve-unknown-fields": True}
    spec = ruled(fields(a=INT, b=anything, c={"type": "number"}), "has(self.b) && self.b == 1", "self.c < 1.0")
    for field in "abc":
        assert faults(spec, {field: value})


def test_rules_wait_for_graver_faults_inside_and_for_no_others() -> None:
    spec = fields(x=ruled(AB, "self.a < self.b"), y=ruled(AB, "self.a < self.b"))
    found = faults(spec, {"x": {"a": "1", "b": 0}, "y": {"a": 1, "b": 0, "c": 0}})
    assert [(fault.rule, fault.pointer) for fault in found] == [
        ("wrong-type", ("spec", "x", "a")),
        ("schema-rule", ("spec", "y")),
        ("unknown-field", ("spec", "y", "c")),
    ]


def test_a_rule_of_the_whole_object_sees_its_name() -> None:
    judge = kind(INT, **ruled({}, {"rule": "self.metadata.name.startsWith('a') && self.kind == 'Thing'"}))
    assert judge.faults(thing(1), None) == ()
    assert [fault.pointer for fault in judge.faults(thing(1, name="b"), None)] == [()]


ROUTE = {
    "matches": [{"path": {"type": "PathPrefix", "value": "/v1"}}],
    "backendRefs": [{"name": "s", "port": 80}],
    "timeouts": {"request": "10s", "backendRequest": "5s"},
}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (ROUTE, None),
        (
            ROUTE | {"timeouts": {"request": "1s", "backendRequest": "5s"}},
            "backendRequest timeout cannot be longer than request timeout",
        ),
        (ROUTE | {"backendRefs": [{"name": "s"}]}, "Must have port for Service reference"),
        (
            ROUTE | {"matches": [{"path": {"type": "Exact", "value": "/a//b"}}]},
            "must not contain '//' when type one of ['Exact', 'PathPrefix']",
        ),
        (
            ROUTE | {"filters": [{"type": "URLRewrite"}]},
            "filter.urlRewrite must be specified for URLRewrite filter.type",
        ),
    ],
)
def test_the_rules_of_a_route_are_evaluated(schemas: Schemas, rule: dict[str, Any], message: str | None) -> None:
    given_object = obj("serving.kserve.io/v1alpha1", "LLMInferenceService")
    given_object["spec"] = {"model": {"uri": "hf://a/b"}, "router": {"route": {"http": {"spec": {"rules": [rule]}}}}}
    found = [fault.message.partition(": ")[2] for fault in schemas.faults(given_object)]
    assert found == ([message] if message else [])


def test_every_shipped_rule_compiles() -> None:
    texts = {each["rule"] for file in SHIPPED.rglob("*.json") for each in _rules(json.loads(file.read_bytes()))}
    assert len(texts) > 80
    assert {text: why for text in texts if (why := cel.judge(Rule(text), {}, {}).unknown)} == {}


def _rules(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, dict):
        here = schema.get("x-kubernetes-validations", [])
        return [*here, *(rule for each in schema.values() for rule in _rules(each))]
    return [rule for each in schema for rule in _rules(each)] if isinstance(schema, list) else []


@pytest.mark.parametrize("rule", [{"messageExpression": "self.data.password"}, {"fieldPath": ".data", "message": "no"}])
@pytest.mark.parametrize("text", ["false", "int(self.data.password) == 1"])
def test_no_rule_gives_a_secret_away(text: str, rule: dict[str, str]) -> None:
    spec = ruled(fields(data={"type": "object", "additionalProperties": TEXT}), {"rule": text, **rule})
    definition = crd(spec)
    definition["spec"]["names"]["kind"] = "ThingSecret"
    schema = prepare(definition)[0].schema
    judge = Kind(compile_schema(encode(schema)), lambda: schema, "Namespaced", tree(schema))
    found = judge.faults(thing({"data": {"password": "geheim"}}) | {"kind": "ThingSecret"}, None)
    assert found
    assert "geheim" not in repr(found)


def test_kinds_without_rules_never_load_the_evaluator() -> None:
    code = (
        "import sys, pathlib; from gitops.schemas.files import library;"
        "schemas = library(pathlib.Path(sys.argv[1])).schemas({'kserve': '0.20.0'}, '1.34');"
        "isvc = {'apiVersion': 'serving.kserve.io/v1beta1', 'kind': 'InferenceService', 'metadata': {'name': 'a'}};"
        "isvc['spec'] = {'predictor': {'minReplicas': 1}};"
        "print(schemas.faults(isvc), any(name.startswith('cel_expr_python') for name in sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code, str(SHIPPED)], text=True).strip() == "() False"


def test_rules_of_ours_go_on_judging_what_keeps_its_form(schemas: Schemas) -> None:
    env = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    repeats = isvc({"model": {"modelFormat": {"name": "x"}, "env": env}})
    assert checked(repeats, schemas).fit is repeats
    misshapen = isvc({"model": {"modelFormat": {"name": "x"}, "env": env, "args": "x"}})
    fit = checked(misshapen, schemas).fit
    assert fit is not None
    assert fit["spec"]["predictor"]["model"] == {"modelFormat": {"name": "x"}, "env": env}


# --- the same verdict as others ------------------------------------------------------------------------------------


def _invalid_cases() -> list[dict[str, str]]:
    index = CASES / "INDEX-invalid.csv"
    return list(csv.DictReader(index.read_text().splitlines())) if index.is_file() else []


_OURS = {"schema", "structural", "rest-mapping", "core-decode", "core-validation"}
_OF_SECRETS = {  # what the API server asks of the data of a Secret is no matter of schemas
    *("sec-dockerconfig-missing.yaml", "sec-key-invalid.yaml", "sec-update-immutable.yaml", "sec-update-type.yaml"),
}


@pytest.mark.skipif(not CASES.is_dir(), reason="needs the collection of real manifests beside the repository")
@pytest.mark.parametrize("row", [pytest.param(row, id=row["file"]) for row in _invalid_cases()])
def test_a_manifest_is_refused_if_and_only_if_schemas_are_why_the_api_server_refuses_it(
    schemas: Schemas, row: dict[str, str]
) -> None:
    if row["rejected_by"] == "yaml-parse" or Path(row["file"]).name in _OF_SECRETS:
        pytest.skip("refused by others")
    objects = [each for each in parse_yaml((CASES / row["file"]).read_text(), multi=True) if each]
    found = [fault for each in objects for fault in schemas.faults(each) if fault.severity == "error"]
    assert bool(found) is (row["rejected_by"] in _OURS), row["expected_error"]
