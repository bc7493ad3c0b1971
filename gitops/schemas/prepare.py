"""A CustomResourceDefinition becomes one self-contained JSON Schema (2020-12) for each version that it serves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gitops.location import Location
from gitops.objects import pointer
from gitops.problems import InvalidInput, Problem
from gitops.schemas.meta import SUBDOMAIN_NAMED, rooted
from gitops.schemas.share import Schema, share
from gitops.schemas.structural import Path, UnsupportedError, strict

# What becomes part of a path below schemas/, as k8s.io/apimachinery/pkg/util/validation restricts it.
_GROUP = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+")
_KIND = re.compile(r"[A-Za-z]([-A-Za-z0-9]*[A-Za-z0-9])?")
_VERSION = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SCOPE = re.compile("Namespaced|Cluster")

_MORE = "take upstream's full CustomResourceDefinition, one to a file"


class Prepared(NamedTuple):
    """The schema of one version of one kind."""

    group: str
    version: str
    kind: str
    scope: str
    schema: Schema

    @property
    def path(self) -> str:
        """Where it goes below `schemas/<project>/<version>/`, as kubeconform's -schema-location finds it."""
        return f"{self.group}/{self.kind.lower()}_{self.version}.json"


class _NotACrdError(Exception):
    def __init__(self, message: str, path: Path = ()) -> None:
        self.message, self.path = message, path


def prepare(crd: Any, file: str = "") -> tuple[Prepared, ...]:
    """One strict schema for each served version of `crd` (parsed YAML), which was read from `file`.

    Raises InvalidInput (`not-a-crd`, `unsupported-schema`) where it is no CRD, or says what we could not keep.
    """
    location = Location(file) if file else None
    try:
        return tuple(_prepare(crd))
    except _NotACrdError as error:
        problem = Problem("not-a-crd", error.message, location, pointer=pointer(error.path), hint=_MORE)
    except UnsupportedError as error:
        hint = "the API server would refuse this CustomResourceDefinition too; is the file whole?"
        problem = Problem("unsupported-schema", error.message, location, pointer=pointer(error.path), hint=hint)
    raise InvalidInput([problem])


def _prepare(crd: Any) -> Iterator[Prepared]:
    if not isinstance(crd, Mapping) or crd.get("kind") != "CustomResourceDefinition":
        raise _NotACrdError(f"expected a CustomResourceDefinition, found {_what(crd)}")
    if crd.get("apiVersion") != "apiextensions.k8s.io/v1":
        raise _NotACrdError(f"apiVersion {crd.get('apiVersion')!r} is not apiextensions.k8s.io/v1", ("apiVersion",))
    group = _text(crd, _GROUP, "spec", "group")
    kind = _text(crd, _KIND, "spec", "names", "kind")
    scope = _text(crd, _SCOPE, "spec", "scope")
    served = [index for index, each in enumerate(_at(crd, list, "spec", "versions")) if _served(crd, index)]
    if not served:
        raise _NotACrdError(f"no version of {kind} is served", ("spec", "versions"))
    for index in served:
        version = _text(crd, _VERSION, "spec", "versions", index, "name")
        path: Path = ("spec", "versions", index, "schema", "openAPIV3Schema")
        schema = rooted(_root(_at(crd, dict, *path), path), group, version, kind, scope)
        yield Prepared(group, version, kind, scope, share(schema))


def _root(schema: dict[str, Any], path: Path) -> Schema:
    """The strict schema of a whole object; what the CRD says of its metadata can only narrow names."""
    properties = dict(schema.get("properties", {}))
    metadata = properties.pop("metadata", {"type": "object"})
    root = strict({**schema, "properties": properties}, path)
    narrowed = _narrowed(metadata, (*path, "properties", "metadata"))
    root["properties"]["metadata"] = {**SUBDOMAIN_NAMED, **({"allOf": [narrowed]} if narrowed else {})}
    return root


def _narrowed(metadata: Any, path: Path) -> Schema:
    names = strict(metadata, path).get("properties", {})
    for name in names.keys() - {"name", "generateName"}:
        raise UnsupportedError(f"`metadata.{name}` cannot be restricted by a CRD", (*path, "properties", name))
    return {"properties": names} if names else {}


def _served(crd: Any, index: int) -> bool:
    return bool(_at(crd, bool, "spec", "versions", index, "served"))


def _text(crd: Any, pattern: re.Pattern[str], *path: str | int) -> str:
    value: str = _at(crd, str, *path)
    if not pattern.fullmatch(value):
        raise _NotACrdError(f"{value!r} is not what Kubernetes accepts as {path[-1]}", path)
    return value


def _at(crd: Any, kind: type, *path: str | int) -> Any:
    value = crd
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            raise _NotACrdError(f"`{'.'.join(map(str, path))}` is missing", path) from None
    if not isinstance(value, kind):
        raise _NotACrdError(f"`{'.'.join(map(str, path))}` must be of type {kind.__name__}", path)
    return value


def _what(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("kind", "a map without `kind`"))
    return "nothing" if value is None else f"a {type(value).__name__}"
