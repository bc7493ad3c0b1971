"""The names of all rules: those of the table, and those that the other layers raise."""

from __future__ import annotations

from gitops.rules.table import BY_ID

OTHERS = frozenset(
    [
        "base-moves",
        "base-unreadable",
        "dangling-reference",
        "duplicate-application",
        "duplicate-key",
        "duplicate-object",
        "duplicate-schema",
        "extends-cycle",
        "foreign-file",
        "invalid-value",
        "missing-environment",
        "missing-field",
        "missing-format",
        "missing-secret-value",
        "missing-value",
        "no-application",
        "no-bucket-credentials",
        "no-identity",
        "no-kafka",
        "no-object-store",
        "no-runtime",
        "no-schema",
        "no-secret-store",
        "not-a-crd",
        "not-a-resource",
        "not-allowed",
        "not-carried",
        "not-json",
        "not-unicode",
        "not-utf8",
        "out-of-range",
        "path-conflict",
        "path-escape",
        "pattern",
        "plaintext-secret",
        "reserved-name",
        "schema-file",
        "schema-sources",
        "several-applications",
        "shared-object",
        "spec-error",
        "spec-import",
        "spec-signature",
        "spec-syntax",
        "too-large",
        "unknown-application",
        "unknown-environment",
        "unknown-field",
        "unknown-grpc-port",
        "unknown-runtime",
        "unknown-version",
        "unreadable",
        "unsupported-schema",
        "untyped-sink",
        "wrong-count",
        "wrong-format",
        "wrong-key",
        "wrong-length",
        "wrong-name",
        "wrong-type",
        "wrong-value",
        "yaml-alias",
        "yaml-depth",
        "yaml-documents",
        "yaml-edit",
        "yaml-key",
        "yaml-syntax",
        "yaml-tag",
    ]
)
"""Rules of reading, of types and values, and of schemas. tests/test_rules.py holds the list to the code."""


def every_id() -> frozenset[str]:
    """Every rule that a problem may name."""
    return OTHERS | BY_ID.keys()
