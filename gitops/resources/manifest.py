"""Any other Kubernetes object, validated like the rest."""

from __future__ import annotations

from collections.abc import Iterable

from gitops.objects import Object
from gitops.resources.base import Context, Resource


class Manifest(Resource):
    """A Kubernetes object of any kind: `fields` holds all of it below apiVersion, kind and metadata.

    It gets the environment's namespace unless it is cluster-scoped or `namespace` says otherwise.
    """

    api_version: str
    kind: str
    namespace: str | None = None

    def identity(self) -> tuple[str, str]:
        """The kind and name that references state."""
        return self.kind, self.name

    def api(self) -> str:
        """The apiVersion that references state."""
        return self.api_version

    def objects(self, context: Context) -> Iterable[Object]:
        """The object itself."""
        metadata = self.metadata(context)
        if context.scope(self.api_version, self.kind) == "Cluster":
            del metadata["namespace"]
        elif self.namespace:
            metadata["namespace"] = self.namespace
        return [self.finish(context, {"apiVersion": self.api_version, "kind": self.kind, "metadata": metadata})]
