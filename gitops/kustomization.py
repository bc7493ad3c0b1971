"""What a committed kustomization.yaml says, read back as the overlay that was written into it.

Only what `gitops.emit` writes is read, and it is read strictly: one that says anything else, or anything that could be
taken two ways, is refused with a reason, and never guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from gitops.emit import patch_text
from gitops.jsonpatch import Operation
from gitops.objects import Object, key_of
from gitops.split import REWRITTEN, STAYING, Overlay, Patch, Target, dragged, target_of
from gitops.yaml import dump, parse
from gitops.yaml.own import reread

FORM = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}

IDENTITY = frozenset({"", "/kind", "/metadata", "/metadata/name"})
"""Places where a patch would make another object of the one it is for."""

# Cluster-scoped kinds that Kustomize 5.8.1 leaves alone in some versions and moves in others: what `namespace:` does to
# one that is not STAYING, nobody should have to know.
UNSURE = frozenset(
    {
        *(kind for _, kind in STAYING),
        *("CSIDriver", "CSINode", "CertificateSigningRequest", "ComponentStatus", "FlowSchema", "Node"),
        *("PodSecurityPolicy", "PriorityLevelConfiguration", "StorageVersion", "VolumeAttachment"),
    }
)

_LITERAL = re.compile(r"(?:\[\.\]|\\[!-/:-@\[-`{-~]|[^\\+*?()|\[\]{}^$.])+")
"""A regular expression that matches one text only."""


def fields(data: Any, known: frozenset[str]) -> list[str]:
    """The resources of a kustomization that has no fields but `known` ones. ValueError with the reason if it is another."""
    if type(data) is not dict or any(data.get(field) != text for field, text in FORM.items()):
        raise ValueError(f"it is no Kustomization of {FORM['apiVersion']}")
    if unknown := sorted(data.keys() - FORM.keys() - known):
        raise ValueError(f"it has `{unknown[0]}`")
    resources: list[str] = data.get("resources") or []
    if not are_texts(resources) or len(set(resources)) < len(resources):
        raise ValueError("its `resources` are no list of different files")
    return resources


def overlay(data: Mapping[str, Any], objects: Sequence[Object]) -> Overlay:
    """What a kustomization does to the objects of its resources. ValueError with the reason if that is not certain.

    Raises InvalidInput as well, for a patch that is no YAML.
    """
    namespace, entries = data.get("namespace", ""), data.get("patches", [])
    if type(namespace) is not str or type(entries) is not list:
        raise ValueError("its `namespace` is no text, or its `patches` are no list")
    targets = {_effective(target): target for target in map(target_of, objects)}
    if len(targets) < len(objects):
        raise ValueError("an object stands twice")
    patches, deleted = [], []
    for entry in entries:
        if type(entry) is not dict or type(entry.get("patch")) is not str or entry.keys() - {"patch", "target"}:
            raise ValueError("a patch is of another form than `patch` and `target`")
        if "target" in entry:
            patches.append(Patch(_selected(entry["target"], targets), _operations(entry["patch"])))
        else:
            deleted.append(_deleted(entry["patch"]))
    touched = [*(patch.target for patch in patches), *map(target_of, deleted)]
    if len(set(touched)) < len(touched):
        raise ValueError("two patches are for one object")
    return Overlay(namespace, tuple(patches), tuple(deleted))


def check(before: Sequence[Object], overlay: Overlay, after: Sequence[Object]) -> None:
    """ValueError where Kustomize would refuse the overlay, or do more than `split.apply` has done to what it leaves."""
    if not all(map(is_object, after)):
        raise ValueError("a patch takes from an object what makes it one")
    keys = map(key_of, after)
    if len({key if key.namespace else key._replace(namespace="default") for key in keys}) < len(after):
        raise ValueError("two objects become one")
    if found := next(dragged(after, overlay), ""):
        raise ValueError(found)
    for obj in before if overlay.namespace else ():
        if obj["kind"] in REWRITTEN or _is_unsure(obj):
            raise ValueError(f"its `namespace` may change more, or less, than the namespace of a {obj['kind']}")


def is_object(obj: Any) -> bool:
    """Whether this is one object: not a list of them, of which Kustomize would make many."""
    metadata = obj.get("metadata") if type(obj) is dict else None
    if type(metadata) is not dict or not all((obj.get("apiVersion"), obj.get("kind"), metadata.get("name"))):
        return False
    texts = [obj["apiVersion"], obj["kind"], metadata["name"], metadata.get("namespace", "")]
    return are_texts(texts) and not (obj["kind"].endswith("List") and "items" in obj)


def are_texts(value: Any) -> bool:
    """Whether this is a list of nothing but text."""
    return type(value) is list and all(type(each) is str for each in value)


def _effective(target: Target) -> Target:
    """The target as Kustomize selects it: what names no namespace is in `default`."""
    return target if target.namespace else target._replace(namespace="default")


def _selected(selector: Any, targets: Mapping[Target, Target]) -> Target:
    """The one object that a patch is for, among targets by what they are effectively."""
    if type(selector) is not dict or not set(selector) <= set(Target._fields) or not are_texts([*selector.values()]):
        raise ValueError(f"a patch selects by other things than {', '.join(Target._fields)}")
    wanted = [(Target._fields.index(field), _literal(pattern)) for field, pattern in selector.items()]
    found = [target for parts, target in targets.items() if all(parts[index] == text for index, text in wanted)]
    if len(found) != 1:
        raise ValueError(f"a patch selects {len(found)} objects" if found else "a patch selects nothing")
    return found[0]


@lru_cache(4_096)
def _literal(pattern: str) -> str:
    if pattern == "()":
        return ""
    if not _LITERAL.fullmatch(pattern):
        raise ValueError("a patch selects by an expression that more than one text matches")
    return re.sub(r"\[\.\]|\\(.)", lambda match: match[1] or ".", pattern)


def _operations(text: str) -> tuple[Operation, ...]:
    operations = _change(text, _patch_text)
    if type(operations) is not list or not operations or not all(map(_is_operation, operations)):
        raise ValueError("a patch with a target is no list of JSON6902 operations")
    for operation in operations:
        if operation["op"] != "test" and operation["path"] in IDENTITY:
            raise ValueError(f"a patch changes `{operation['path']}` of an object")
    return tuple(operations)


def _is_operation(operation: Any) -> bool:
    if type(operation) is not dict:
        return False
    op, path = operation.get("op"), operation.get("path")
    wanted = {"op", "path"} if op == "remove" else {"op", "path", "value"}
    known = op in ("add", "remove", "replace", "test")
    return known and operation.keys() == wanted and type(path) is str and path[:1] in ("", "/")


def _deleted(text: str) -> Object:
    """The identity of an object that a patch deletes."""
    stub = _change(text, lambda data: dump(data).removesuffix("\n"))
    if type(stub) is not dict or stub.pop("$patch", None) != "delete" or not is_object(stub):
        raise ValueError("a patch without a target does not delete an object")
    if stub.keys() != {"apiVersion", "kind", "metadata"} or stub["metadata"].keys() - {"name", "namespace"}:
        raise ValueError("a patch that deletes an object says more than which")
    return stub


def _change(text: str, write: Any) -> Any:
    data = reread(text, write)
    return parse(text.strip(), "") if data is None else data  # Kustomize trims it, too


def _patch_text(data: Any) -> str:
    return patch_text(data) if type(data) is list and data and type(data[-1]) is dict else ""


def _is_unsure(obj: Object) -> bool:
    known = (obj["apiVersion"], obj["kind"]) in STAYING
    return obj["kind"] in UNSURE and not known and "namespace" not in obj["metadata"]
