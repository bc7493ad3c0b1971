"""Secrets: what a spec asks for. How an environment provides them is the business of a backend, one module each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from pydantic import Field, SecretStr

from gitops.model import Many
from gitops.objects import Object
from gitops.resources.base import EMPTY, Context, Resource
from gitops.resources.secret import external, plain

BACKENDS = {"external-secrets": external.objects, "plain": plain.objects}
"""Name of a backend in environment.yaml (`secrets.backend`) -> the function that makes its objects."""


class Secret(Resource):
    """A Kubernetes Secret with these `keys`; the values come from the environment, never from the spec.

    `remote`: for a key, where its value is in the environment's store, as `path` or `path#property`, if that is not the path that
    the environment states with the key as property. `secret_labels` and `secret_annotations` go on the Secret itself.
    """

    object_kind: ClassVar[str] = "Secret"

    keys: Many[str] = Field(min_length=1)
    remote: dict[str, str] = EMPTY
    type: str = "Opaque"
    secret_labels: dict[str, str] = EMPTY
    secret_annotations: dict[str, str] = EMPTY

    def objects(self, context: Context) -> Iterable[Object]:
        """The object of the environment's secret backend."""
        return [self.finish(context, obj) for obj in BACKENDS[context.environment.secrets.backend](self, context)]

    def annotations_in(self, context: Context) -> dict[str, str]:
        """The annotations that the Secret itself bears in this environment."""
        return dict(self.secret_annotations)

    def development_values(self, context: Context) -> dict[str, SecretStr]:
        """Values that the environment itself gives in clear; those of the application's values file come on top."""
        return {}
