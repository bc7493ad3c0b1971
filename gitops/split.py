"""Stage: what an environment has over the base, as an exact and readable overlay, and the proof that it lost nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gitops.jsonpatch import Operation, evaluate, operations
from gitops.objects import Key, Object, Scope, group_of, identical, key_of

# Kinds in which Kustomize's `namespace:` rewrites more than metadata.namespace: its built-in field specs for
# namespaces, subjects of role bindings, and the Service references that follow a moved Service.
REWRITTEN = frozenset(
    {
        "APIService",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "MutatingWebhookConfiguration",
        "Namespace",
        "RoleBinding",
        "ValidatingWebhookConfiguration",
    }
)


class Target(NamedTuple):
    """The object of the base that a patch is for."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """The object as `Key` spells it."""
        return str(Key(self.group, self.kind, self.namespace, self.name))


class Patch(NamedTuple):
    """JSON6902 operations (`op`, `path` and, unless it removes, `value`) for one object of the base."""

    target: Target
    operations: tuple[Operation, ...]


class Overlay(NamedTuple):
    """All that an environment has over the base; empty where nothing differs."""

    namespace: str = ""
    patches: tuple[Patch, ...] = ()
    deleted: tuple[Object, ...] = ()
    resources: tuple[Object, ...] = ()


Pair = tuple[Object, Object]


def split(
    base: Sequence[Object], target: Sequence[Object], base_namespace: str, namespace: str, scope: Scope
) -> Overlay:
    """The overlay that makes `target` of `base`; the two namespaces are those that the environments default to.

    Objects are matched by group, kind, name and logical namespace: what stands in its environment's own namespace (or
    names none) matches what stands in the base's own. Another version of the same object is a change like any other.
    """
    pairs, deleted, resources = _match(base, target, base_namespace, namespace)
    moves = any(_namespace(old) != _namespace(new) for old, new in pairs)
    common = namespace if moves and all(_only_moves(obj, namespace, scope) for obj in target) else ""
    ignored = "/metadata/namespace" if common else ""
    patches = ((old, [op for op in operations(old, new) if op["path"] != ignored]) for old, new in pairs)
    return Overlay(
        common,
        tuple(Patch(_target_of(old), tuple(changes)) for old, changes in patches if changes),
        tuple(_stub(obj) for obj in deleted),
        tuple(resources),
    )


def apply(base: Sequence[Object], overlay: Overlay) -> list[Object]:
    """What Kustomize makes of the base and the overlay; shares with its input all that stays, and changes none of it.

    ValueError, with object and path, where Kustomize would fail: a target that is missing, a `test` that fails.
    """
    objects = {_target_of(obj): obj for obj in (*base, *overlay.resources)}
    for target, changes in overlay.patches:
        if target not in objects:
            raise ValueError(f"{target}: there is no such object to patch")
        try:
            objects[target] = evaluate(objects[target], changes)
        except ValueError as error:
            raise ValueError(f"{target}: {error}") from None
    for stub in overlay.deleted:
        if objects.pop(_target_of(stub), None) is None:
            raise ValueError(f"{key_of(stub)}: there is no such object to delete")
    if not overlay.namespace:
        return list(objects.values())
    return [{**obj, "metadata": {**obj["metadata"], "namespace": overlay.namespace}} for obj in objects.values()]


def unproven(base: Sequence[Object], target: Sequence[Object], overlay: Overlay) -> list[str]:
    """How the overlay's result differs from the target objects: names and JSON pointers, never values; empty if proven."""
    try:
        result = apply(base, overlay)
    except ValueError as error:
        return [str(error)]
    got, wanted = {key_of(obj): obj for obj in result}, {key_of(obj): obj for obj in target}
    differences = [f"{key}: missing from the overlay" for key in wanted if key not in got]
    differences += [f"{key}: only in the overlay" for key in got if key not in wanted]
    differences += [f"{key}: stands twice" for key in _repeated(result, got) | _repeated(target, wanted)]
    for key, obj in wanted.items():
        if key in got and got[key] is not obj and not identical(got[key], obj):
            differences += [f"{key}: {change['path']} differs" for change in operations(got[key], obj)]
    return differences


def _repeated(objects: Sequence[Object], by_key: dict[Key, Object]) -> set[Key]:
    if len(objects) == len(by_key):
        return set()
    return {key for obj in objects if by_key[key := key_of(obj)] is not obj}


def _match(
    base: Sequence[Object], target: Sequence[Object], base_namespace: str, namespace: str
) -> tuple[list[Pair], list[Object], list[Object]]:
    """Pairs of base and target in the base's order, then what is only in the base, then what is only in the target."""
    own = {base_namespace, ""}
    theirs = {namespace, ""}
    literal = {_literal(obj): obj for obj in base}
    logical = {_identity(obj, own): obj for obj in base}
    matched = {id(obj): logical.get(_identity(obj, theirs)) for obj in target}
    for old, new in _entangled(base, target, literal, matched):
        matched[id(new)] = old
    news = {id(old): new for new in target if (old := matched[id(new)]) is not None}
    pairs = [(old, news[id(old)]) for old in base if id(old) in news]
    deleted = [old for old in base if id(old) not in news]
    return pairs, deleted, [new for new in target if matched[id(new)] is None]


def _entangled(
    base: Sequence[Object], target: Sequence[Object], literal: dict[Key, Object], matched: dict[int, Object | None]
) -> Iterator[tuple[Object | None, Object]]:
    """Pairs by literal namespace, for objects of one name of which one would take the place of another in the base.

    Kustomize would find two objects of one identity while it builds, or patch both.
    """
    names = {
        _literal(new)._replace(namespace="")
        for new in target
        if literal.get(_literal(new), matched[id(new)]) is not matched[id(new)]
    }
    for new in target if names else ():
        key = _literal(new)
        if key._replace(namespace="") in names:
            yield literal.get(key), new


def _identity(obj: Object, own: set[str]) -> Key:
    metadata = obj["metadata"]
    namespace = metadata.get("namespace", "")
    return Key(group_of(obj["apiVersion"]), obj["kind"], "" if namespace in own else namespace, metadata["name"])


def _literal(obj: Object) -> Key:
    """The identity for Kustomize, to which no namespace is `default`."""
    metadata = obj["metadata"]
    return Key(group_of(obj["apiVersion"]), obj["kind"], metadata.get("namespace") or "default", metadata["name"])


def _namespace(obj: Object) -> str:
    return str(obj["metadata"].get("namespace", ""))


def _only_moves(obj: Object, namespace: str, scope: Scope) -> bool:
    """Whether `namespace:` would set this object's metadata.namespace, to what it is to be, and touch nothing else."""
    if obj["metadata"].get("namespace") != namespace or obj["kind"] in REWRITTEN:
        return False
    return scope(obj["apiVersion"], obj["kind"]) == "Namespaced"


def _target_of(obj: Object) -> Target:
    group, _, version = obj["apiVersion"].rpartition("/")
    metadata = obj["metadata"]
    return Target(group, version, obj["kind"], metadata.get("namespace", ""), metadata["name"])


def _stub(obj: Object) -> Object:
    metadata = {key: obj["metadata"][key] for key in ("name", "namespace") if key in obj["metadata"]}
    return {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": metadata}
