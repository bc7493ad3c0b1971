"""Where events go."""

from __future__ import annotations

from pydantic import model_validator

from gitops.model import Closed
from gitops.resources.base import External, Resource


class Sink(Closed):
    """Where events go: an addressable object with a path on it, or an absolute `uri` alone."""

    to: Resource | External | None = None
    uri: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> Sink:
        if self.to is None and "://" not in self.uri:
            raise ValueError("a sink needs an object (`to=`) or an absolute `uri`")
        if self.to is not None and self.uri and (not self.uri.startswith("/") or self.uri.startswith("//")):
            raise ValueError(
                "the uri on an object is a path that starts with exactly one slash: `//host` would replace the host"
            )
        return self
