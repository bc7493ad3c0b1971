"""Stage: what an environment has over the base, as an exact and readable overlay, and the proof that it lost nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

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

# Cluster-scoped kinds that Kustomize knows as such (its built-in schema is that of Kubernetes 1.21): `namespace:` leaves
# them alone. Those that it does not know get a namespace.
STAYING = frozenset(
    {
        ("networking.k8s.io/v1", "IngressClass"),
        ("node.k8s.io/v1", "RuntimeClass"),
        ("rbac.authorization.k8s.io/v1", "ClusterRole"),
        ("scheduling.k8s.io/v1", "PriorityClass"),
        ("storage.k8s.io/v1", "StorageClass"),
        ("v1", "PersistentVolume"),
    }
)

# Kustomize lets references with a `namespace` beside the `name` follow an object that it has touched: those of these
# fields, in these kinds, to a ServiceAccount or a Service.
FOLLOWING = {"ServiceAccount": "subjects", "Service": "webhooks"}
REFERRERS = REWRITTEN - {"APIService", "CustomResourceDefinition", "Namespace"}


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
    matches = _match(base, target, base_namespace, namespace)
    # Deleted and added whole, a moved object is another one, and no reference follows it.
    pairs = [(old, new) for old, new in matches if _namespace(old) == _namespace(new) or not _drags(old, new, target)]
    moves = any(_namespace(old) != _namespace(new) for old, new in pairs)
    common = namespace if moves and all(_only_moves(obj, namespace, scope) for obj in target) else ""
    return Overlay(
        common,
        tuple(_patches(pairs, ignored="/metadata/namespace" if common else "")),
        tuple(_stub(old) for old in _others(base, [old for old, _ in pairs])),
        tuple(_others(target, [new for _, new in pairs])),
    )


def apply(base: Sequence[Object], overlay: Overlay) -> list[Object]:
    """What Kustomize makes of the base and the overlay; shares with its input all that stays, and changes none of it.

    ValueError, with object and path, where Kustomize would fail: a target that is missing, a `test` that fails.
    """
    objects = _by_target([*base, *overlay.resources])
    for target, changes in overlay.patches:
        if target not in objects:
            raise ValueError(f"{target}: there is no such object to patch")
        try:
            objects[target] = evaluate(objects[target], changes)
        except ValueError as error:
            raise ValueError(f"{target}: {error}") from None
    for stub in overlay.deleted:
        if objects.pop(target_of(stub), None) is None:
            raise ValueError(f"{key_of(stub)}: there is no such object to delete")
    if not overlay.namespace:
        return list(objects.values())
    return [_moved(obj, overlay.namespace) for obj in objects.values()]


def _moved(obj: Object, namespace: str) -> Object:
    if (obj["apiVersion"], obj["kind"]) in STAYING:
        return obj
    return {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}


def _by_target(objects: Sequence[Object]) -> dict[Target, Object]:
    found = {target_of(obj): obj for obj in objects}
    for obj in objects if len(found) < len(objects) else ():
        if found[target := target_of(obj)] is not obj:
            raise ValueError(f"{target}: stands twice")
    return found


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
    return differences + list(dragged(target, overlay))


def dragged(target: Sequence[Object], overlay: Overlay) -> Iterator[str]:
    """What Kustomize would change beyond the overlay's words: references to an object that it has patched."""
    for patched, changes in overlay.patches:
        moves = (change.get("value", "") for change in changes if change["path"] == "/metadata/namespace")
        if _is_dragged(patched, next(moves, patched.namespace), target):
            yield f"{patched}: Kustomize would change the namespace of what refers to it"


def _repeated(objects: Sequence[Object], by_key: dict[Key, Object]) -> set[Key]:
    if len(objects) == len(by_key):
        return set()
    return {key for obj in objects if by_key[key := key_of(obj)] is not obj}


def _patches(pairs: Sequence[Pair], ignored: str) -> Iterator[Patch]:
    for old, new in pairs:
        if changes := [change for change in operations(old, new) if change["path"] != ignored]:
            yield Patch(target_of(old), tuple(changes))


def _others(objects: Sequence[Object], paired: Sequence[Object]) -> Sequence[Object]:
    if len(objects) == len(paired):
        return ()
    known = set(map(id, paired))
    return [obj for obj in objects if id(obj) not in known]


def _match(base: Sequence[Object], target: Sequence[Object], base_namespace: str, namespace: str) -> Iterator[Pair]:
    """Pairs of the same object in the base and in the environment, in the order of the base."""
    news = _by_name(target)
    for name, olds in _by_name(base).items():
        if name in news:
            yield from _pairs(olds, news[name], {base_namespace, ""}, {namespace, ""})


def _by_name(objects: Sequence[Object]) -> dict[tuple[str, str, str], list[Object]]:
    result: dict[tuple[str, str, str], list[Object]] = {}
    for obj in objects:
        name = (obj["metadata"]["name"], obj["kind"], group_of(obj["apiVersion"]))
        result.setdefault(name, []).append(obj)
    return result


def _pairs(olds: list[Object], news: list[Object], own: set[str], theirs: set[str]) -> list[Pair]:
    """Pairs by logical namespace, among objects of one group, kind and name.

    By literal namespace where one would take the place of another: while it builds, Kustomize would see two objects of
    one identity, or patch both.
    """
    each = [(old, new) for old in olds for new in news]
    logical = [(old, new) for old, new in each if _within(old, own) == _within(new, theirs)]
    if len(each) == len(logical) == 1:
        return logical
    literal = [(old, new) for old, new in each if (_namespace(old) or "default") == (_namespace(new) or "default")]
    distinct = len(logical) == len({id(old) for old, _ in logical}) == len({id(new) for _, new in logical})
    return logical if distinct and _ids(literal) <= _ids(logical) else literal


def _ids(pairs: list[Pair]) -> set[tuple[int, int]]:
    return {(id(old), id(new)) for old, new in pairs}


def _within(obj: Object, own: set[str]) -> str:
    namespace = _namespace(obj)
    return "" if namespace in own else namespace


def _drags(old: Object, new: Object, target: Sequence[Object]) -> bool:
    return old["kind"] in FOLLOWING and _is_dragged(target_of(old), _namespace(new), target)


def _is_dragged(patched: Target, namespace: str, objects: Sequence[Object]) -> bool:
    """Whether Kustomize, having patched this object, would change references to it that are to stay as they are."""
    field = FOLLOWING.get(patched.kind)
    if field is None:
        return False
    stale = {"", patched.namespace} - {namespace}
    references = (each for obj in objects if obj["kind"] in REFERRERS for each in _maps(obj.get(field)))
    return any(each.get("name") == patched.name and each.get("namespace", "") in stale for each in references)


def _maps(value: Any) -> Iterator[dict[str, Any]]:
    if type(value) is dict:
        yield value
    if type(value) in (dict, list):
        for item in value.values() if type(value) is dict else value:
            yield from _maps(item)


def _namespace(obj: Object) -> str:
    namespace: str = obj["metadata"].get("namespace", "")
    return namespace


def _only_moves(obj: Object, namespace: str, scope: Scope) -> bool:
    """Whether `namespace:` would set this object's metadata.namespace, to what it is to be, and touch nothing else."""
    if (obj["apiVersion"], obj["kind"]) in STAYING:
        return "namespace" not in obj["metadata"]
    if obj["metadata"].get("namespace") != namespace or obj["kind"] in REWRITTEN:
        return False
    return scope(obj["apiVersion"], obj["kind"]) == "Namespaced"


def target_of(obj: Object) -> Target:
    """The target of a patch for this object."""
    group, _, version = obj["apiVersion"].rpartition("/")
    metadata = obj["metadata"]
    return Target(group, version, obj["kind"], metadata.get("namespace", ""), metadata["name"])


def _stub(obj: Object) -> Object:
    metadata = {key: obj["metadata"][key] for key in ("name", "namespace") if key in obj["metadata"]}
    return {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": metadata}
