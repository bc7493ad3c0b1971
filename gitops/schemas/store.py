"""The schemas of one cluster: what its API server would say of an object's form, without the cluster.

Reading is injected (`gitops.schemas.files` does it), so everything here is a function of bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from gitops.faults import Fault
from gitops.objects import group_of
from gitops.problems import InvalidInput
from gitops.schemas import core, sources
from gitops.schemas.compiled import broken, compiled, parsed
from gitops.schemas.kind import Kind
from gitops.schemas.missing import identity_faults, minor_of, no_schema, unknown_versions
from gitops.schemas.share import Schema, encode

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

    from gitops.schemas.tree import Node

CORE = "kubernetes"
"""The project that core kinds belong to."""
_FORM = "5"  # of what is cached: raise it whenever core.schema changes


class CoreData(Protocol):
    """The definitions of Kubernetes itself."""

    def minors(self) -> Sequence[str]:
        """The minor versions that there are, such as 1.34."""

    def stamp(self, minor: str) -> str:
        """Changes whenever the definitions change."""

    def definitions(self, minor: str) -> Mapping[str, Any]:
        """Name -> strict JSON schema, references as `…#/$defs/<name>`."""


class Cache(Protocol):
    """Where prepared core schemas may be kept; losing an entry costs only time."""

    def get(self, key: str) -> bytes | None:
        """What was put, if it is still there."""

    def put(self, key: str, data: bytes) -> None:
        """Keep it, if possible."""


class Library:
    """Every schema of a project folder, read and compiled at most once, and shared by all environments."""

    def __init__(self, read: Callable[[str], bytes | None], data: CoreData, cache: Cache | None = None) -> None:
        self._read, self._data, self._cache = read, data, cache
        self._environments: dict[tuple[tuple[tuple[str, str], ...], str], Schemas] = {}
        self._loaded: dict[str, bytes] = {}
        self._schemas: dict[str, Schema] = {}
        self._validators: dict[str, Draft202012Validator] = {}
        self._trees: dict[str, Node] = {}
        self._kinds: dict[str, frozenset[core.Identity]] = {}

    @cached_property
    def releases(self) -> sources.Sources:
        """What there is. Raises InvalidInput (`schema-sources`)."""
        return sources.parse(self._read(sources.FILE))

    def schemas(self, crds: Mapping[str, str], kubernetes: str) -> Schemas:
        """For a cluster that runs these versions (project -> version, and Kubernetes as `1.34`).

        Where two projects define the same kind, the first counts. Raises InvalidInput (`unknown-version`, its pointer
        into environment.yaml) for versions that there are no schemas of.
        """
        key = (tuple(crds.items()), kubernetes)
        if key not in self._environments:
            if problems := unknown_versions(self.releases, self._data.minors(), crds, kubernetes):
                raise InvalidInput(problems)
            self._environments[key] = Schemas(self, crds, kubernetes)
        return self._environments[key]

    def kinds(self, minor: str) -> frozenset[core.Identity]:
        """The core kinds of a minor version."""
        if minor not in self._kinds:
            data = self._cached(
                f"{minor}-kinds", minor, lambda: _encode_kinds(core.kinds(self._data.definitions(minor)))
            )
            self._kinds[minor] = frozenset(tuple(each) for each in json.loads(data))
        return self._kinds[minor]

    def core_bytes(self, minor: str, identity: core.Identity) -> bytes:
        """The schema of a core kind."""
        name = "-".join((minor, *filter(None, identity)))
        return self._cached(name, minor, lambda: encode(core.schema(self._data.definitions(minor), identity)))

    def stored_bytes(self, entry: sources.Entry) -> bytes:
        """The schema of a kind that a project adds. Raises InvalidInput (`schema-file`) where it cannot be read."""
        data = self._read(entry.path)
        if data is None:
            raise broken(entry.path, "is listed in SOURCES.yaml but is not there")
        return data

    def schema(self, key: str, load: Callable[[], bytes]) -> Schema:
        """Parsed; every environment that runs the same version gets the same one: do not change it."""
        if key not in self._schemas:
            self._schemas[key] = parsed(key, self._bytes(key, load))
        return self._schemas[key]

    def validator(self, key: str, load: Callable[[], bytes]) -> Draft202012Validator:
        """Compiled."""
        if key not in self._validators:
            self._validators[key] = compiled(key, self._bytes(key, load))
        return self._validators[key]

    def tree(self, key: str, load: Callable[[], bytes]) -> Node:
        """To walk along."""
        from gitops.schemas.tree import tree

        if key not in self._trees:
            self.validator(key, load)  # a schema that compiles is well formed
            self._trees[key] = tree(self.schema(key, load))
        return self._trees[key]

    def _bytes(self, key: str, load: Callable[[], bytes]) -> bytes:
        if key not in self._loaded:
            self._loaded[key] = load()
        return self._loaded[key]

    def _cached(self, name: str, minor: str, make: Callable[[], bytes]) -> bytes:
        if self._cache is None:
            return make()
        key = f"core-{_FORM}-{self._data.stamp(minor)}-{name}"
        data = self._cache.get(key)
        if data is None:
            data = make()
            self._cache.put(key, data)
        return data


class Schemas:
    """The schemas that apply in one environment. Made by `Library.schemas`."""

    def __init__(self, library: Library, crds: Mapping[str, str], kubernetes: str) -> None:
        self.library, self.crds = library, dict(crds)
        self.minor = minor_of(kubernetes)
        self._entries: dict[tuple[str, str], sources.Entry] = {}
        for project, version in crds.items():
            for entry in library.releases[project, version].entries:
                self._entries.setdefault((entry.api_version, entry.kind), entry)
        self._known: dict[tuple[str, str], Kind | None] = {}

    def scope(self, api_version: str, kind: str) -> str | None:
        """Namespaced or Cluster; None where the cluster does not serve this exact kind."""
        if entry := self._entries.get((api_version, kind)):
            return entry.scope
        return core.scope(group_of(api_version), kind) if self._is_core(api_version, kind) else None

    def versions(self, group: str, kind: str) -> list[str]:
        """The API versions that the cluster serves of a kind, the preferred one first."""
        stored = {entry.version for entry in self._entries.values() if (entry.group, entry.kind) == (group, kind)}
        built_in = {version for of, version, name in self.library.kinds(self.minor) if (of, name) == (group, kind)}
        return sorted(stored | built_in, key=preference)

    def kinds(self) -> Iterator[tuple[str, str]]:
        """Every (apiVersion, kind) that the cluster serves."""
        yield from self._entries
        for group, version, kind in self.library.kinds(self.minor):
            yield (f"{group}/{version}" if group else version), kind

    def schema(self, api_version: str, kind: str) -> Schema | None:
        """The strict schema of this exact kind, or None. It is shared: do not change it."""
        if loaded := self._source(api_version, kind):
            return self.library.schema(*loaded)
        return None

    def stored(self, obj: Mapping[str, Any]) -> Any:
        """A custom resource as the API server would store it: without nulls, with the defaults of its schema.

        Parts that do not change are those of `obj`. Objects of Kubernetes' own kinds, whose defaults are code, and of
        unknown ones are returned as they are.
        """
        from gitops.schemas.defaults import defaulted

        key = (obj["apiVersion"], obj["kind"])
        source = self._source(*key)
        return defaulted(obj, self.library.tree(*source)) if source and key in self._entries else obj

    def faults(self, obj: Any, old: Mapping[str, Any] | None = None) -> tuple[Fault, ...]:
        """Everything in which an object is not what the API server accepts; empty if it is fine.

        `old` is the object as it was, of the same kind: with it, rules that compare the two count as well, such as
        those of fields that may not change. What is wrong is told even where `old` had it too.
        """
        try:
            key = (obj["apiVersion"], obj["kind"])
            kind = self._known[key]
        except (KeyError, TypeError):
            if faults := identity_faults(obj):
                return faults
            kind = self._known[key] = self._kind(*key)
        return kind.faults(obj, old) if kind else (no_schema(self, *key),)

    def _kind(self, api_version: str, kind: str) -> Kind | None:
        source = self._source(api_version, kind)
        if source is None:
            return None
        validator, scope = self.library.validator(*source), self.scope(api_version, kind) or ""
        tree = self.library.tree(*source) if (api_version, kind) in self._entries else None
        return Kind(validator, lambda: self.library.schema(*source), scope, tree)

    def _source(self, api_version: str, kind: str) -> tuple[str, Callable[[], bytes]] | None:
        if entry := self._entries.get((api_version, kind)):
            return entry.path, lambda: self.library.stored_bytes(entry)
        if self._is_core(api_version, kind):
            identity = (group_of(api_version), api_version.rpartition("/")[2], kind)
            name = f"{CORE}/{self.minor}/{'/'.join(identity)}"
            return name, lambda: self.library.core_bytes(self.minor, identity)
        return None

    def _is_core(self, api_version: str, kind: str) -> bool:
        group, _, version = api_version.rpartition("/")
        return (group, version, kind) in self.library.kinds(self.minor)


def preference(version: str) -> tuple[int, int, int, str]:
    """Sorts API versions as Kubernetes prefers them: v2, v1, v1beta2, v1beta1, v1alpha1, then other names."""
    match = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version)
    if not match:
        return 3, 0, 0, version
    major, stage, step = match.groups()
    return {None: 0, "beta": 1, "alpha": 2}[stage], -int(major), -int(step or 0), version


def _encode_kinds(kinds: Mapping[core.Identity, str]) -> bytes:
    return json.dumps(sorted(kinds)).encode()
