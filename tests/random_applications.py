"""Random applications: one base and what three environments make of it, cheap enough for thousands of them."""

from __future__ import annotations

import copy
from random import Random
from typing import Any, NamedTuple

from gitops.objects import Object, key_of

ENVIRONMENTS = {"dev": "models", "staging": "staging", "prod": "prod"}
"""Namespace of each environment. The base's is `models`, so `dev` needs none of its own."""

CLUSTER_KINDS = {
    "ValidatingWebhookConfiguration",
    "ClusterServingRuntime",
    "ClusterRole",
    "ClusterRoleBinding",
    "Namespace",
    "CustomResourceDefinition",
}

# Not here, as Kustomize itself cannot carry them: DEL, U+0085, U+2028, U+2029, strings of NBSP only, the key `<<`,
# integers over 2^53 (its JSON patches go through float64).
STRINGS = [
    *("", " ", "a", "on", "off", "yes", "No", "y", "n", "true", "null", "~", "1", "0", "-1", "1e3", "12e03", ".1e3"),
    *("0x1f", "0X1F", "0o17", "0b1", "010", "019", "1_000", "+.5", "1.10", "5.", ".inf", "-.inf", ".nan", "1:30"),
    *("2024-01-01", "2024-01-01T00:00:00Z", "74689e1", "1234567", "123e456", "deadbee", "0074689", "100m", "1Gi"),
    *("a: b", "a #b", "# a", "- a", "-", "--", "---", "...", "?", "? a", ":", "a:", "{a}", "[a]", "{", "]", "&a", "*a"),
    *("!a", "|", ">", "%a", "@a", "`a`", "'", '"', "'a'", '"a"', "\\", "a\\nb", "$(VAR)", "${A}", "$patch", "=", "<"),
    *("<b>&amp;</b>", "grüße", "日本", "🚀", "e\u0301", "\u200b", "\ufeff", "tab\there", "\tlead", "trail ", " lead"),
    *("line\nline", "line\n", "\nline", "a\n\n", "  in\n out", "a\n  b\n", "x" * 90 + " " + "y" * 90, "\x01", "\x1b["),
    *(
        "{{ .Values }}",
        "a,b",
        "a/b",
        "a~b",
        "~1",
        "s3://bucket/a%20b",
        '{"json": [1, true]}',
        "-----BEGIN X-----\nAA\n",
    ),
]
KEYS = [
    "a",
    "b",
    "image",
    "a/b",
    "~",
    "~1",
    "a~b/c",
    "x.y/z",
    "",
    "-",
    "0",
    "1",
    "on",
    "y",
    "null",
    "é",
    "a b",
    "name",
    "value",
]
# Kustomize rewrites the annotations of a patched object and leaves their keys as they were read, without quotes: one that
# reads as null, bool, number or date ends its build. It drops `annotations: {}` and the key "".
ANNOTATIONS = [
    "a",
    "a/b",
    "example.com/on",
    "on",
    "y",
    "-",
    "a b",
    "é",
    "argocd.argoproj.io/sync-wave",
    "x.y/z",
    "a~b/c",
]
SCALARS: list[Any] = [*STRINGS, 0, 1, -1, 8080, 2**53, 0.5, -1.5, 1e-7, 1.0, True, False, None]


class Application(NamedTuple):
    """The objects of the base, and those of each environment."""

    base: list[Object]
    environments: dict[str, list[Object]]


def scope(api_version: str, kind: str) -> str | None:
    """Stands for the schemas; one kind is of a project that has none."""
    if kind == "Unknown":
        return None
    return "Cluster" if kind in CLUSTER_KINDS else "Namespaced"


def application(seed: int) -> Application:
    """The same application for the same seed; its names hold the seed, so that many can be built at once."""
    random = Random(seed)
    tag = f"r{seed}"
    base = _objects(random, tag, "models")
    return Application(base, {env: _vary(random, tag, base, namespace) for env, namespace in ENVIRONMENTS.items()})


def value(random: Random, depth: int = 3) -> Any:
    """Any JSON-like value."""
    form = random.random()
    if depth == 0 or form < 0.45:
        return random.choice(SCALARS)
    size = random.choice((0, 1, 1, 2, 3, 5))
    if form < 0.7:
        return {random.choice(KEYS): value(random, depth - 1) for _ in range(size)}
    return [_element(random, depth - 1) for _ in range(size)]


def mutate(random: Random, old: Any) -> Any:
    """A copy that differs in a place or a few, now and then in none."""
    if type(old) is dict and old and random.random() < 0.9:
        return _mutate_map(random, old)
    if type(old) is list and random.random() < 0.95:
        return _mutate_list(random, old)
    return value(random, 2) if random.random() < 0.3 else random.choice(SCALARS)


def _element(random: Random, depth: int) -> Any:
    if random.random() < 0.5:
        return {"name": random.choice("abcdefg"), "value": value(random, depth)}
    return value(random, depth)


def _mutate_map(random: Random, old: dict[str, Any]) -> dict[str, Any]:
    new = copy.deepcopy(old)
    for _ in range(random.choice((1, 1, 2))):
        key = random.choice(list(old))
        action = random.random()
        if action < 0.7 and key in new:
            new[key] = mutate(random, new[key])
        elif action < 0.85:
            new[random.choice(KEYS)] = value(random, 2)
        else:
            new.pop(key, None)
    return new


def _mutate_list(random: Random, old: list[Any]) -> list[Any]:
    new = copy.deepcopy(old)
    for _ in range(random.choice((1, 1, 2, 3))):
        index = random.randrange(len(new) + 1)
        action = random.random()
        if action < 0.3:
            new.insert(index, _element(random, 2))
        elif index < len(new) and action < 0.5:
            del new[index]
        elif index < len(new) and action < 0.9:
            new[index] = mutate(random, new[index])
        elif action > 0.95:
            random.shuffle(new)
    return new


def _text_map(random: Random, part: str = "") -> dict[str, str]:
    keys = ANNOTATIONS if part == "annotations" else KEYS
    return {random.choice(keys): random.choice(STRINGS) for _ in range(random.choice((1, 1, 2, 4)))}


def _objects(random: Random, tag: str, namespace: str) -> list[Object]:
    objects: dict[Any, Object] = {}
    for _ in range(random.choice((1, 2, 2, 3, 4, 6))):
        obj = _object(random, tag, namespace)
        objects.setdefault(_kustomize_identity(obj), obj)
    return list(objects.values())


def _kustomize_identity(obj: Object) -> Any:
    key = key_of(obj)
    return key._replace(namespace=key.namespace or "default")


def _object(random: Random, tag: str, namespace: str) -> Object:
    api_version, kind = random.choice(
        [
            *(("v1", "ConfigMap"), ("v1", "ServiceAccount"), ("v1", "Service"), ("serving.knative.dev/v1", "Service")),
            *(("serving.kserve.io/v1beta1", "InferenceService"), ("sources.knative.dev/v1beta1", "KafkaSource")),
            *(("batch/v1", "Job"), ("rbac.authorization.k8s.io/v1", "RoleBinding"), ("example.com/v1", "Unknown")),
            *(("v1", "ServiceAccount"), ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration")),
            *(("serving.kserve.io/v1alpha1", "ClusterServingRuntime"), ("rbac.authorization.k8s.io/v1", "ClusterRole")),
            *(("v1", "Namespace"), ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding")),
        ]
        if random.random() < 0.5
        else [("v1", "ConfigMap"), ("serving.kserve.io/v1beta1", "InferenceService"), ("v1", "Service")]
    )
    name = random.choice((f"{tag}", f"{tag}.a", f"{tag}xa", f"{tag}-b", f"{tag}.a.b", f"{tag}.c+"))
    metadata: dict[str, Any] = {"name": name}
    if kind not in CLUSTER_KINDS:
        metadata["namespace"] = namespace if random.random() < 0.9 else random.choice(("elsewhere", "prod", "models"))
    if random.random() < 0.4:
        part = random.choice(("labels", "annotations"))
        metadata[part] = _text_map(random, part)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **_content(random, kind, tag, namespace)}


def _content(random: Random, kind: str, tag: str, namespace: str) -> dict[str, Any]:
    if kind == "ConfigMap":
        return {"data": _text_map(random)}
    if kind == "ServiceAccount":
        return {"secrets": [{"name": random.choice("abc")} for _ in range(random.randrange(3))]}
    if kind == "Namespace":
        return {}
    if kind == "ClusterRole":
        return {"rules": [{"apiGroups": [""], "resources": ["pods", random.choice("ab")], "verbs": ["get"]}]}
    if kind.endswith("WebhookConfiguration"):
        service = {"name": random.choice((tag, f"{tag}-b")), "namespace": namespace, "path": "/"}
        return {"webhooks": [{"name": "a.example.com", "clientConfig": {"service": service}}]}
    if kind.endswith("RoleBinding"):
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": tag}
        return {"roleRef": reference, "subjects": _subjects(random, tag, namespace)}
    if kind == "InferenceService" and random.random() < 0.7:
        return {"spec": {"predictor": {"containers": _containers(random), "minReplicas": random.randrange(3)}}}
    return {"spec": {random.choice(KEYS): value(random, 4) for _ in range(random.randrange(1, 4))}}


def _subjects(random: Random, tag: str, namespace: str) -> list[dict[str, str]]:
    return [
        {
            "kind": "ServiceAccount",
            "name": random.choice((tag, "default", f"{tag}-b", "other")),
            "namespace": random.choice((namespace, namespace, "elsewhere", "models")),
        }
        for _ in range(random.randrange(1, 4))
    ]


def _containers(random: Random) -> list[dict[str, Any]]:
    names = random.sample(("kserve-container", "proxy", "queue", "a/b"), random.randrange(1, 4))
    return [
        {
            "name": name,
            "image": f"registry.example/{name}:{random.randrange(3)}",
            "args": random.sample(("--a=1", "--b", "on", "--c=x y", "1e3"), random.randrange(5)),
            "env": [
                {"name": key, "value": random.choice(STRINGS)} for key in random.sample("ABCDEF", random.randrange(5))
            ],
        }
        for name in names
    ]


def _vary(random: Random, tag: str, base: list[Object], namespace: str) -> list[Object]:
    """What an environment has instead of the base: moved, changed, upgraded, more, fewer."""
    everything = [_moved(random, copy.deepcopy(obj), namespace) for obj in base if random.random() < 0.93]
    everything = [_changed(random, obj) if random.random() < 0.6 else obj for obj in everything]
    if random.random() < 0.3:
        everything += _objects(random, tag, namespace)
    objects: dict[Any, Object] = {}
    for obj in everything:
        objects.setdefault(_kustomize_identity(obj), obj)
    return list(objects.values())


def _moved(random: Random, obj: Object, namespace: str) -> Object:
    if obj["metadata"].get("namespace") == "models" and random.random() < 0.97:
        obj["metadata"]["namespace"] = namespace
    for subject in obj.get("subjects", ()):
        if subject["namespace"] == "models" and random.random() < 0.8:
            subject["namespace"] = namespace
    return obj


def _changed(random: Random, obj: Object) -> Object:
    part = random.choice(("spec", "spec", "labels", "annotations", "data", "version", "secrets", "subjects"))
    if part in ("labels", "annotations"):
        obj["metadata"][part] = _text_map(random, part)
    elif part == "data" and part in obj:
        obj[part] |= _text_map(random)
    elif part == "version" and obj["kind"] == "KafkaSource":
        obj["apiVersion"] = "sources.knative.dev/v1"
    elif part in ("spec", "secrets") and part in obj:
        obj[part] = _mutate_map(random, obj[part]) if type(obj[part]) is dict and obj[part] else obj[part][::-1]
    elif part == "subjects" and part in obj:
        obj[part] = obj[part][1:] or obj[part]
    return obj
