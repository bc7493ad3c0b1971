"""The names of all rules: those of the table, and those that the other layers raise."""

from __future__ import annotations

from gitops.rules.table import BY_ID

_OTHERS = """
    base-moves base-unreadable binary-file cluster-metadata dangling-reference duplicate-application
    duplicate-item duplicate-key duplicate-object duplicate-schema encrypted extends-cycle foreign-file
    helm-chart invalid-value json-syntax kustomize-build left-empty missing-environment missing-field
    missing-format missing-secret-value missing-value namespace-ignored no-application no-bucket-credentials
    no-identity no-kafka no-kustomize no-object-store no-objects no-runtime no-schema no-secret-store
    not-a-crd not-a-resource not-allowed not-an-object not-carried not-json not-unicode not-utf8 out-of-range
    path-conflict path-escape pattern plaintext-secret remote-base reserved-name schema-file schema-rule
    schema-sources several-applications shared-object spec-error spec-import spec-signature spec-syntax
    suppression-expired suppression-unused too-large unchecked-rule unknown-application unknown-environment
    unknown-field unknown-grpc-port unknown-rule unknown-runtime unknown-version unquoted-amount unreadable
    unsupported-schema untyped-sink wrong-count wrong-format wrong-key wrong-length wrong-name wrong-type
    wrong-value yaml-alias yaml-depth yaml-documents yaml-edit yaml-key yaml-syntax yaml-tag
"""
OTHERS = frozenset(_OTHERS.split())
"""Rules of reading, of types and values, and of schemas. tests/test_rules.py holds the list to the code."""


def every_id() -> frozenset[str]:
    """Every rule that a problem may name."""
    return OTHERS | BY_ID.keys()
