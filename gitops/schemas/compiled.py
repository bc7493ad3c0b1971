"""The bytes of a schema file become something that evaluates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitops.location import Location
from gitops.problems import InvalidInput, Problem
from gitops.schemas.share import Schema

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator


def compile_schema(schema: bytes) -> Draft202012Validator:
    """Evaluates as the API server does: formats are checked, patterns are linear as Go's. Raises ValueError."""
    from jsonschema_rs import Draft202012Validator, RegexOptions

    from gitops.schemas.formats import FORMATS

    return Draft202012Validator(schema.decode(), validate_formats=True, formats=FORMATS, pattern_options=RegexOptions())


def compiled(path: str, schema: bytes) -> Draft202012Validator:
    """The same for the file at `path`. Raises InvalidInput (`schema-file`)."""
    try:
        return compile_schema(schema)
    except ValueError as error:
        raise broken(path, f"is not a JSON schema: {str(error).partition(chr(10))[0]}") from None


def parsed(path: str, schema: bytes) -> Schema:
    """As data. Raises InvalidInput (`schema-file`)."""
    try:
        document: Schema = json.loads(schema)
    except ValueError as error:
        raise broken(path, f"is not JSON: {error}") from None
    return document


def broken(path: str, what: str) -> InvalidInput:
    """The problem of a schema file."""
    hint = "`gitops schemas verify` lists all such files; restore them from git or add them again"
    return InvalidInput([Problem("schema-file", f"{path} {what}", Location(path), hint=hint)])
