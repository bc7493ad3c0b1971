"""Manifests as nobody would write them: real ones, with pieces replaced, moved, renamed and mixed. The same from the same seed."""

from __future__ import annotations

import copy
import json
import math
import random
import shlex
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from gitops.disk.manifests import given_in
from gitops.yaml import parse
from tests.command_line import REPOSITORY

EXAMPLES = REPOSITORY / "tests" / "rules"
CASES = REPOSITORY.parent / "shared" / "cases"
"""Real manifests; where they are absent, the examples of rules are all there is to begin with."""

GARBAGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3, 65536, 2**31, 2**63, -(2**63) - 1, 2**64, 10**400, 0.5, -0.0, 1e308, math.nan, math.inf, -math.inf,
    "", " ", "\n", "a" * 300, "é", "e\u0301", "\u202e", "\ud800", "\udfff", "\0", "\x1b[31m", "\ufeff", "\u2028", "💥", "yes", "0x1F", "1_000", "1:30",
    "null", "~", "1", "-1", "1.5", "1e3", "1e999999999", "0.0000000001", "100m", "1Ki", "-5Gi", "9" * 40, "9" * 5000, "50%", "1000%", "30s", "-1h", "P1D", "PT5S", "2026-13-45",
    "a/b", "/", "..", "../..", "//", "a//b", "{{ .Name }}", "{{", "}}", "{}", "{", "[]", "[", "$(VAR)", "${VAR}", "%s", "%", "%zz", "*", "**", "?", "(", "(a+)+$", "[a-", "\\",
    "http://", "http://[::1", "http://[", "https://user:pass@host:99999/p?q#f", "s3://", "gs://b/p", "pvc://", "pvc://a/b", "hf://a/b:c", "oci://x@sha256:0", "://", ":", "file:///", "host:port", ":0",
    "=", "==", "YWJj", "YWJj====", "not base64!", '{"type": "s3", "bucket": 1}', '{"a": ', '{"a": {"a": {}}}', "[1, 2]", '"', "a: b", "a: [", "- a", "1.34", "v1", "arn:aws:iam::1:role/x",
    "Pod/x", "InferenceService", "Secret", "List", "serving.kserve.io/v1beta1", "/v1", "v1/", "a/b/c", "apps/v1", "kserve-container", "root", "default", "system:masters", "latest", "image:latest@sha256:1",
    [], {}, [[]], [{}], [None], ["a"], ["a", "a"], [1, "1"], [{"name": "a"}, {"name": "a"}], {"": ""}, {"a": None}, {"a": {"a": {"a": {}}}}, {"name": None}, {"name": "x"}, {"key": "a", "name": 1},
    {"a": "b"}, {"matchLabels": {"a": 1}}, {"cpu": "1", "memory": None}, {"limits": {"cpu": True}}, {"ref": None}, {"ref": {"kind": 1}}, {"0": 0}, {"a/b/c": "d"}, {"-": "-"}, {"é": "é"},
)  # fmt: skip
KEYS: tuple[Any, ...] = (
    "", " ", "a", "name", "kind", "apiVersion", "metadata", "spec", "status", "data", "items", "a/b", "a.b", "~", "é", "\ud800", "\0", "$ref", "Spec",
    "serving.kserve.io/deploymentMode", "serving.kserve.io/autoscalerClass", "sops", "x" * 300, "0", "true", "null", "<<", "*a", "a: b", "#", "---",
)  # fmt: skip
OUTPUTS = ("text", "json", "sarif", "junit", "github")


class Source(NamedTuple):
    """One file to begin with: its objects, and the options of `gitops validate` that suit them."""

    name: str
    objects: tuple[Any, ...]
    options: tuple[str, ...]


@cache
def sources() -> tuple[Source, ...]:
    """Every example of a rule, and every case there is."""
    files = sorted([*EXAMPLES.rglob("fails*.yaml"), *EXAMPLES.rglob("passes*.yaml"), *CASES.rglob("*.y*ml")])
    return tuple(source for file in files if (source := _source(file)).objects)


def _source(file: Path) -> Source:
    content = file.read_bytes()
    first = content.decode("utf-8", "replace").partition("\n")[0]
    options = shlex.split(first.removeprefix("# gitops validate")) if first.startswith("# gitops validate") else []
    given, _ = given_in(content, file.name)
    return Source(
        f"{file.parent.name}/{file.name}", tuple(each.object for each in given), tuple(_without_file(options))
    )


def _without_file(options: list[str]) -> list[str]:
    """An environment file stands beside its example, where the fuzzed one does not."""
    if "-e" in options:
        at = options.index("-e")
        return options[:at] + options[at + 2 :]
    return options


@cache
def environments() -> tuple[Any, ...]:
    """What the environment files of the examples say, and one that says all there is to say."""
    files = sorted(EXAMPLES.rglob("environment*.yaml"))
    return (FULL, *(parse(file.read_text(encoding="utf-8"), file.name) for file in files))


FULL: dict[str, Any] = {
    "namespace": "models",
    "kubernetes": "1.34",
    "crds": {"kserve": "0.20.0", "knative-kafka": "1.23.0", "external-secrets": "2.9.0"},
    "kserve": {"deployment_mode": "Standard", "runtimes": ["kserve-sklearnserver", "mine"]},
    "object_store": {
        "endpoint": "minio:9000",
        "https": False,
        "verify_ssl": False,
        "region": "x",
        "admin_secret": "admin",
    },
    "kafka": {"bootstrap_servers": ["kafka:9092"]},
    "secrets": {
        "backend": "external-secrets",
        "store": {"name": "vault", "kind": "SecretStore"},
        "path": "{namespace}/{name}",
    },
    "provides": [{"kind": "Secret", "name": "a"}, {"kind": "ServiceAccount", "name": "default"}],
    "policies": {
        "severity": {"floating-image": "error", "runtime-pinned": "off", "wrong-type": "warning"},
        "suppress": [
            {"rule": "floating-image", "reason": "known", "object": "Pod/*", "application": "a?", "until": "2099-12-31"}
        ],
    },
}


def environment(chance: random.Random) -> Any:
    """The settings of an environment, half of them as nobody would write them."""
    made = copy.deepcopy(chance.choice(environments()))
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        made = changed(made, chance)
    return made


@cache
def _pool() -> dict[str, list[Any]]:
    """Values that real objects have, by the name of their field: what is most like what belongs there."""
    found: dict[str, list[Any]] = {}
    for source in sources():
        for value, key in ((value, key) for obj in source.objects for value, key in _fields(obj)):
            found.setdefault(key, []).append(value)
    return found


def _fields(value: Any) -> Iterator[tuple[Any, str]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        if isinstance(key, str):
            yield item, key
        yield from _fields(item)


# ---- changing objects ------------------------------------------------------------------------------------------------


def objects(chance: random.Random, many: int = 3) -> list[Any]:
    """Some real objects, most of them changed, and some of them at odds with one another."""
    chosen = chance.choices(sources(), k=chance.randint(1, many))
    found = [copy.deepcopy(obj) for source in chosen for obj in source.objects[:8]]
    for index, obj in enumerate(found):
        for _ in range(chance.choice((0, 1, 1, 2, 3, 6))):
            found[index] = obj = changed(obj, chance)
    return found + ([changed(copy.deepcopy(chance.choice(found)), chance)] if chance.random() < 0.3 else [])


def changed(value: Any, chance: random.Random) -> Any:
    """The value with one change somewhere in it; it is changed in place as far as it can be."""
    places = list(_places(value))
    if not places or chance.random() < 0.01:
        return garbage(chance)
    parent, key = _chosen(places, chance)
    chance.choice(CHANGES)(parent, key, chance)
    return value


def _chosen(places: list[tuple[Any, Any]], chance: random.Random) -> tuple[Any, Any]:
    """Any place, and now and then one of those that everything hangs on."""
    if chance.random() < 0.15:
        vital = [
            place
            for place in places
            if place[1] in ("metadata", "annotations", "labels", "spec", "name", "namespace", "data")
        ]
        places = vital or places
    return chance.choice(places)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from _places(item)


def garbage(chance: random.Random) -> Any:
    """A value of any type, alone or wrapped."""
    value = copy.deepcopy(chance.choice(GARBAGE))
    wrap = chance.random()
    if wrap < 0.05:
        return [value, copy.deepcopy(chance.choice(GARBAGE))]
    return {chance.choice(KEYS): value} if wrap < 0.1 else value


def _replace(parent: Any, key: Any, chance: random.Random) -> None:
    parent[key] = garbage(chance)


def _remove(parent: Any, key: Any, chance: random.Random) -> None:
    del parent[key]


def _rename(parent: Any, key: Any, chance: random.Random) -> None:
    if not isinstance(key, str):
        return _repeat(parent, key, chance)
    swapped = key[1:2] + key[:1] + key[2:]
    new = chance.choice((chance.choice(KEYS), chance.choice(list(_pool())), swapped, key.lower(), key + "s", key[:-1]))
    parent[new] = parent.pop(key)
    return None


def _repeat(parent: Any, key: Any, chance: random.Random) -> None:
    if isinstance(parent, list):
        parent.append(copy.deepcopy(parent[key]))
    else:
        parent[key] = [copy.deepcopy(parent[key])] * chance.randint(0, 3)


def _graft(parent: Any, key: Any, chance: random.Random) -> None:
    """What another object has in a field of the same name, or of any."""
    pool = _pool()
    like = pool.get(key) if isinstance(key, str) and chance.random() < 0.7 else None
    parent[key] = copy.deepcopy(chance.choice(like or pool[chance.choice(list(pool))]))


def _add(parent: Any, key: Any, chance: random.Random) -> None:
    pool = _pool()
    name = chance.choice(list(pool))
    if isinstance(parent, dict):
        parent[name] = copy.deepcopy(chance.choice(pool[name])) if chance.random() < 0.7 else garbage(chance)
    else:
        parent.insert(key, garbage(chance))


def _respell(parent: Any, key: Any, chance: random.Random) -> None:
    """The same as text, as number, with a character more, less or other."""
    value = parent[key]
    if not isinstance(value, str) or not value:
        parent[key] = str(value)[:300] if not isinstance(value, dict | list) else json.dumps(value)[:300]
        return
    at = chance.randrange(len(value))
    parent[key] = chance.choice(
        (
            value[:at] + value[at + 1 :],
            value[:at] + chance.choice(" /:.-%{}[]@#é\ud800\n\0") + value[at:],
            value * 2,
            value.upper(),
            value[:at],
        )
    )


CHANGES: tuple[Callable[[Any, Any, random.Random], None], ...] = (
    _replace, _replace, _replace, _remove, _rename, _repeat, _graft, _graft, _add, _add, _respell,
)  # fmt: skip


# ---- writing them down -----------------------------------------------------------------------------------------------


def text_of(found: list[Any], chance: random.Random) -> str:
    """Several documents of YAML, or one list, in block or flow style, or JSON one behind another."""
    if chance.random() < 0.1:
        kind = chance.choice(("List", "SecretList", "InferenceServiceList"))
        found = [{"apiVersion": "v1", "kind": kind, "items": found}]
    style = chance.choice((block, block, block, flow))
    separator = chance.choice(("---\n", "--- # next\n", "---\n---\n", "...\n---\n"))
    return separator.join(f"{style(each).rstrip()}\n" for each in found)


def block(value: Any, indent: str = "") -> str:
    if isinstance(value, dict) and value:
        return "".join(f"{indent}{scalar(key)}:{_behind(item, indent)}" for key, item in value.items())
    if isinstance(value, list) and value:
        return "".join(f"{indent}-{_behind(item, indent)}" for item in value)
    return f"{indent}{flow(value)}\n"


def _behind(value: Any, indent: str) -> str:
    nested = isinstance(value, dict | list) and value
    return f"\n{block(value, indent + '  ')}" if nested else f" {flow(value)}\n"


def flow(value: Any) -> str:
    """A value on one line, as JSON where JSON has it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
    return f"[{', '.join(map(flow, value))}]" if isinstance(value, list) else scalar(value)


def scalar(value: Any) -> str:
    """Text in quotes unless it is a plain word, so that it stays text."""
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, str) and value.isascii() and value.isalpha() and len(value) > 5:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**300:
        return "1" + "0" * 400
    return json.dumps(value)
