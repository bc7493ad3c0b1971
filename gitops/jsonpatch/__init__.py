"""JSON6902 (RFC 6902), the patch language of overlays: how operations are written, and what they do."""

from __future__ import annotations

from gitops.jsonpatch.evaluate import Operation, evaluate
from gitops.jsonpatch.make import operations

__all__ = ["Operation", "evaluate", "operations"]
