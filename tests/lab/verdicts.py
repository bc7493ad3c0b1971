"""The API server's verdict on a manifest, without keeping it: server-side dry run with strict field validation."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from tests.lab.client import APPLY, JSON, MERGE, YAML, Client, Resource, Response
from tests.lab.programs import LabError

Object = dict[str, Any]
Operation = Literal["create", "update", "apply"]

MANAGER = "lab"
STRICT = {"fieldValidation": "Strict", "fieldManager": MANAGER}
DRY = {**STRICT, "dryRun": "All"}
# A webhook that could not be asked has said nothing about the object.
_UNREACHED = re.compile(
    r"(?:failed calling webhook|conversion webhook) .*"
    r"(?:connection refused|deadline exceeded|no endpoints|service \S+ not found|EOF|reset by peer|x509|i/o timeout)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Verdict:
    """What the API server says of a manifest.

    `reason` is its own word (`Invalid`, `BadRequest`, `Forbidden`, …), or `NoKind` if it serves no such kind.
    `causes` are `field: message`. `object` is what would be stored, with all that defaults and webhooks fill in.
    """

    accepted: bool
    code: int
    reason: str = ""
    message: str = ""
    causes: tuple[str, ...] = ()
    object: Object | None = None
    warnings: tuple[str, ...] = ()


class Judge:
    """Asks an API server for verdicts; several threads may share one. Namespaces are created as they come up."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._namespaces: set[str] = set()

    def verdict(self, manifest: Object | bytes, *, operation: Operation = "create") -> Verdict:
        """The verdict on an object, or on the bytes of a YAML document (whose faults of syntax count too).

        A create is what a first sync does, and shows validation and webhooks as they are; an apply would first meet its
        own typed merge, with errors of its own. An object that exists already is judged as applied over the other,
        as Argo CD's server-side apply does. An update replaces the whole object (PUT).
        Raises LabError if the server or one of its webhooks could not be asked.
        """
        obj = _routing(manifest) if isinstance(manifest, bytes) else manifest
        place = self._place(obj)
        if place is None:
            what = f"{obj.get('apiVersion')}/{obj.get('kind')}"
            return Verdict(False, 404, "NoKind", f"the server serves no {what}")
        resource, namespace = place
        found = self._send(resource, namespace, _name(obj), manifest, operation, DRY)
        if operation == "create" and found.reason == "AlreadyExists":
            return self._send(resource, namespace, _name(obj), manifest, "apply", DRY)
        return found

    def verdict_update(
        self, live: Object, new: Object, *, status: Object | None = None, operation: Operation = "apply"
    ) -> Verdict:
        """The verdict on `new` over `live`, which is really created first (with that status, if given) and deleted after.

        Raises LabError if `live` itself is refused, or exists already.
        """
        path = self._path(live)
        if self.client.request("GET", path).ok:
            raise LabError(f"{path} exists already")
        try:
            self._create(path, live, status)
            return self.verdict(new, operation=operation)
        finally:
            self.delete(live)

    def _create(self, path: str, live: Object, status: Object | None) -> None:
        """Server-side apply, so that a later apply knows what it owned."""
        made = self.client.request("PATCH", path, live, APPLY, {**STRICT, "force": "true"})
        if made.ok and status is not None:
            made = self.client.request("PATCH", f"{path}/status", {"status": status}, MERGE, STRICT)
        if not made.ok:
            raise LabError(f"{path}: the live object is refused: {made.data.get('message')}")

    def apply(self, objects: Iterable[Object]) -> None:
        """Install objects for good, by server-side apply. Raises LabError if one is refused.

        Two at a time: the server gives up on a request after 34 s, which more definitions at once can need on a busy machine.
        """
        with ThreadPoolExecutor(2) as pool:
            for _ in pool.map(self._apply_one, objects):
                pass

    def _apply_one(self, obj: Object) -> None:
        for _ in range(3):
            answer = self.client.request(
                "PATCH", self._path(obj), obj, APPLY, {"fieldManager": MANAGER, "force": "true"}
            )
            if answer.status != 504:
                break
        if not answer.ok:
            raise LabError(f"{obj['kind']} {obj['metadata']['name']} is refused: {answer.data.get('message')}")

    def delete(self, obj: Object) -> None:
        """Delete an object for good; no controller is there to see to its finalizers. Gone already is fine.

        Raises LabError if it stays all the same.
        """
        path = self._path(obj)
        options = {"propagationPolicy": "Background", "gracePeriodSeconds": 0}
        deadline = time.monotonic() + 10
        while self.client.request("DELETE", path, options).status != 404:
            self.client.request("PATCH", path, {"metadata": {"finalizers": None}}, MERGE)
            if time.monotonic() > deadline:
                raise LabError(f"{path} cannot be deleted")

    def _path(self, obj: Object) -> str:
        place = self._place(obj)
        if place is None:
            raise LabError(f"the server serves no {obj.get('apiVersion')}/{obj.get('kind')}")
        resource, namespace = place
        return resource.path(namespace, obj["metadata"]["name"])

    def _send(
        self,
        resource: Resource,
        namespace: str | None,
        name: str | None,
        manifest: Object | bytes,
        operation: Operation,
        query: dict[str, str],
    ) -> Verdict:
        content = YAML if isinstance(manifest, bytes) else JSON
        path = resource.path(namespace, name)
        if operation == "create":
            return _verdict(self.client.request("POST", resource.path(namespace), manifest, content, query))
        if operation == "apply":
            return _verdict(self.client.request("PATCH", path, manifest, APPLY, {**query, "force": "true"}))
        return _verdict(self.client.request("PUT", path, self._with_version(path, manifest), content, query))

    def _with_version(self, path: str, manifest: Object | bytes) -> Object | bytes:
        """The manifest as an update of what is there now, unless it says itself which version it replaces."""
        if isinstance(manifest, bytes) or "resourceVersion" in manifest["metadata"]:
            return manifest
        there = self.client.request("GET", path)
        version = there.data.get("metadata", {}).get("resourceVersion") if there.ok else None
        return {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": version}} if version else manifest

    def _place(self, obj: Object) -> tuple[Resource, str | None] | None:
        version, kind = obj.get("apiVersion"), obj.get("kind")
        resource = self.client.resource(version, kind) if isinstance(version, str) and isinstance(kind, str) else None
        if resource is None:
            return None
        return resource, self._namespace(obj) if resource.namespaced else None

    def _namespace(self, obj: Object) -> str:
        named = _metadata(obj).get("namespace")
        namespace = named if isinstance(named, str) and named else "default"
        if namespace not in self._namespaces:  # created before it is noted: another thread must not go on without it
            self.client.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
            self._namespaces.add(namespace)
        return namespace


def _metadata(obj: Object) -> Object:
    metadata = obj.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _name(obj: Object) -> str | None:
    name = _metadata(obj).get("name")
    return name if isinstance(name, str) else None


def _routing(text: bytes) -> Object:
    """Where a YAML document is to be sent; a text that nobody can read goes where the server refuses it as such."""
    import yaml

    try:
        data = yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError:
        data = None
    return data if isinstance(data, dict) else {"apiVersion": "v1", "kind": "ConfigMap"}


def _verdict(response: Response) -> Verdict:
    data = response.data
    if response.ok:
        return Verdict(True, response.status, object=data, warnings=response.warnings)
    message = str(data.get("message") or "")
    if _UNREACHED.search(message) or response.status in {429, 503}:
        raise LabError(f"no verdict: {message}")
    causes = (data.get("details") or {}).get("causes") or ()
    told = tuple(f"{cause.get('field', '')}: {cause.get('message', '')}" for cause in causes)
    return Verdict(False, response.status, str(data.get("reason") or ""), message, told, None, response.warnings)
