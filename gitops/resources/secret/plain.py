"""The `plain` backend: a Secret with its values in clear, where the environment allows it (development only)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops.objects import Object
from gitops.problems import Problem

if TYPE_CHECKING:
    from gitops.resources.base import Context
    from gitops.resources.secret import Secret


def objects(secret: Secret, context: Context) -> list[Object]:
    """One Secret; none, and a problem, if plaintext is not allowed or a value is missing."""
    environment = context.environment
    if not environment.secrets.allow_plaintext:
        context.problem(secret, "", _NOT_ALLOWED)
        return []
    values = _values(secret, context)
    missing = [key for key in secret.keys if key not in values]
    if missing:
        context.problem(secret, "", _missing(secret, context, missing))
        return []
    metadata = secret.metadata(context, {**secret.annotations_in(context)})
    metadata["labels"] = {**metadata.get("labels", {}), **secret.secret_labels}
    if not metadata["labels"]:
        del metadata["labels"]
    data = {key: values[key] for key in secret.keys}
    return [{"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": secret.type, "stringData": data}]


def _values(secret: Secret, context: Context) -> dict[str, str]:
    given = {**secret.development_values(context), **context.secrets.get(secret.name, {})}
    return {key: value.get_secret_value() for key, value in given.items()}


_NOT_ALLOWED = Problem(
    rule="plaintext-secret",
    message="the environment does not allow secrets in clear",
    found="`secrets.backend: plain`",
    expected="`secrets.allow_plaintext: true` beside it, or another backend",
    why="the values would stand in git for ever.",
    hint="use `backend: external-secrets`; allow plaintext only where the credentials open nothing of worth",
)


def _missing(secret: Secret, context: Context, keys: list[str]) -> Problem:
    return Problem(
        rule="missing-secret-value",
        message=f"Secret `{secret.name}` has no value for {', '.join(f'`{key}`' for key in keys)}",
        expected=f"`secrets: {{{secret.name}: {{{keys[0]}: …}}}}` in the environment's {context.application}.yaml",
        why="the pod that reads the key would not start.",
        hint="add the value there, or for S3Credentials under `object_store.credentials` of environment.yaml",
    )
