"""Stage: objects and overlays become the text of a file tree; relative paths, one file an object."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from gitops.jsonpatch import Operation
from gitops.objects import Key, Object, key_of
from gitops.ownership import header
from gitops.split import Overlay, Target
from gitops.yaml import dump

KUSTOMIZATION = "kustomization.yaml"
LONGEST_STEM = 200
"""Characters of a file name before its extension: file systems take 255 bytes."""


def application(app: str, base: Sequence[Object], overlays: Mapping[str, Overlay], source: str) -> dict[str, str]:
    """The files of one application: `base/<app>/…`, and `<env>/<app>/…` for each overlay; `source` is its spec."""
    first = header(source)
    files = _files(base, first)
    files[KUSTOMIZATION] = first + dump(_kustomization(resources=sorted(files)))
    tree = {f"base/{app}/{name}": text for name, text in files.items()}
    for environment, overlay in overlays.items():
        files = _files(overlay.resources, first)
        files[KUSTOMIZATION] = first + dump(kustomization(overlay, [f"../../base/{app}", *sorted(files)], base))
        tree |= {f"{environment}/{app}/{name}": text for name, text in files.items()}
    return tree


def environment(name: str, apps: Iterable[str], source: str) -> tuple[str, str]:
    """Path and text of the kustomization of all applications of an environment."""
    return f"{name}/{KUSTOMIZATION}", header(source) + dump(_kustomization(resources=sorted(apps)))


def kustomization(overlay: Overlay, resources: Sequence[str], base: Iterable[Object] = ()) -> dict[str, Any]:
    """The data of an overlay's kustomization.yaml; `base` tells which names need a fuller target to be exact."""
    others = [key_of(obj) for obj in (*base, *overlay.resources)]
    patches = [
        {"target": _selector(patch.target, others), "patch": patch_text(patch.operations)} for patch in overlay.patches
    ]
    # A patch without target that finds nothing is an error, so a deletion cannot miss.
    patches += [{"patch": dump({**stub, "$patch": "delete"}).removesuffix("\n")} for stub in overlay.deleted]
    return _kustomization(
        **({"namespace": overlay.namespace} if overlay.namespace else {}),
        resources=list(resources),
        **({"patches": patches} if patches else {}),
    )


def file_names(objects: Iterable[Object]) -> dict[Key, str]:
    """One file name an object: kind and name, and as much of group and namespace as tells two of them apart."""
    names: dict[Key, str] = {}
    left = [key_of(obj) for obj in objects]
    for spelling in (_short, _with_group, _full, _unique):
        stems = {key: _safe(spelling(key)) for key in left}
        taken = Counter([*stems.values(), *names.values()])
        names |= {key: stem for key, stem in stems.items() if taken[stem] == 1}
        left = [key for key, stem in stems.items() if taken[stem] > 1]
        if not left:
            break
    return {key: f"{stem}.yaml" for key, stem in names.items()}


def _kustomization(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", **fields}


def _files(objects: Sequence[Object], first: str) -> dict[str, str]:
    names = file_names(objects)
    return {names[key_of(obj)]: first + dump(obj) for obj in objects}


def patch_text(operations: Sequence[Operation]) -> str:
    """Operations as YAML. Kustomize trims the text, which would take the line break off a block at its very end."""
    text = dump(list(operations))
    return f"{text}# end" if _has_last_break(operations[-1].get("value")) else text.removesuffix("\n")


def _has_last_break(value: Any) -> bool:
    """Whether a string in this value ends with a line break."""
    if type(value) is str:
        return value.endswith("\n")
    if type(value) is dict:
        return any(map(_has_last_break, value.values()))
    return type(value) is list and any(map(_has_last_break, value))


def _selector(target: Target, others: Sequence[Key]) -> dict[str, str]:
    """The target as Kustomize selects: anchored regular expressions, of which an empty one matches anything."""
    namesakes = [key for key in others if key.name == target.name and key.kind == target.kind]
    group, namespace = target.group, target.namespace
    selector = {
        "group": _exact(group) or ("()" if any(key.group != group for key in namesakes) else ""),
        "version": _exact(target.version),
        "kind": _exact(target.kind),
        "name": _exact(target.name),
        # Kustomize takes a namespaced object that names no namespace as one of `default`.
        "namespace": _exact(namespace or ("default" if _elsewhere(target, namesakes) else "")),
    }
    return {field: pattern for field, pattern in selector.items() if pattern}


def _elsewhere(target: Target, namesakes: Sequence[Key]) -> bool:
    return any(key.group == target.group and key.namespace != target.namespace for key in namesakes)


@lru_cache(4_096)  # groups, versions, kinds and namespaces are the same few all over a project
def _exact(text: str) -> str:
    r"""A Go regular expression that matches this text only; `[.]` reads better than `\.` does between YAML's quotes."""
    return re.sub(r"[\\+*?()|\[\]{}^$]", r"\\\g<0>", text).replace(".", "[.]")


def _short(key: Key) -> str:
    return f"{key.kind}-{key.name}"


def _with_group(key: Key) -> str:
    return f"{_kind(key)}-{key.name}"


def _full(key: Key) -> str:
    return f"{_kind(key)}-{key.namespace}-{key.name}"


def _unique(key: Key) -> str:
    return f"{_with_group(key)}-{_digest(chr(0).join(key))}"


def _kind(key: Key) -> str:
    return f"{key.kind}.{key.group}" if key.group else key.kind


def _safe(stem: str) -> str:
    """Lower case, as some file systems know no other; nothing but letters, digits, dots and hyphens."""
    safe = re.sub(r"[^a-z0-9.-]+", "-", stem.lower())
    return safe if len(safe) <= LONGEST_STEM else f"{safe[:LONGEST_STEM]}-{_digest(stem)}"


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
