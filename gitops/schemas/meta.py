"""What every prepared schema has in common: its keywords, its root, and the metadata of an object."""

from __future__ import annotations

from typing import Any

from gitops.schemas.share import Schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCOPE = "x-gitops-scope"
"""Our keyword at the root of each schema: Namespaced or Cluster."""
IDENTITY = "x-kubernetes-group-version-kind"
PRESERVE = "x-kubernetes-preserve-unknown-fields"
INT_OR_STRING = "x-kubernetes-int-or-string"
EMBEDDED = "x-kubernetes-embedded-resource"

# What k8s.io/apimachinery/pkg/util/validation asks of names, as patterns.
SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
DNS_LABEL = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$"  # empty is as good as absent
LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
QUALIFIED_NAME = r"^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
# The grammar of k8s.io/apimachinery/pkg/api/resource.ParseQuantity, in the words of the CRDs of Kubernetes' own tools.
QUANTITY = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"
)

INT32 = (-(2**31), 2**31 - 1)
INT64 = (-(2**63), 2**63 - 1)


def integers(low: int, high: int) -> Schema:
    """The limits of an integer format, which JSON Schema itself does not know."""
    return {"minimum": low, "maximum": high}


def _text(**more: Any) -> Schema:
    return {"type": ["string", "null"], **more}


def _map(values: Schema) -> Schema:
    return {
        "type": ["object", "null"],
        "propertyNames": {"pattern": QUALIFIED_NAME},
        "additionalProperties": values,
    }


def _list(items: Schema, **more: Any) -> Schema:
    return {"type": ["array", "null"], "items": items, **more}


def _closed(properties: Schema, *required: str) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **({"required": [*required]} if required else {}),
    }


_COUNT: Schema = {"type": ["integer", "null"], "format": "int64", **integers(*INT64)}
_STRING: Schema = {"type": "string"}
_FLAG: Schema = {"type": ["boolean", "null"]}
_TIME = _text(format="date-time")
_OWNER = _closed(
    {
        **dict.fromkeys(("apiVersion", "kind", "name", "uid"), _STRING),
        **dict.fromkeys(("blockOwnerDeletion", "controller"), _FLAG),
    },
    *("apiVersion", "kind", "name", "uid"),
)
_MANAGED = _closed(
    {
        **dict.fromkeys(("apiVersion", "fieldsType", "manager", "operation", "subresource"), _text()),
        "fieldsV1": {"type": ["object", "null"]},
        "time": _TIME,
    }
)
OBJECT_META = _closed(
    {
        **dict.fromkeys(("generateName", "name", "resourceVersion", "selfLink", "uid"), _text()),
        "namespace": _text(pattern=DNS_LABEL, maxLength=63),
        "annotations": _map(_text()),
        "labels": _map(_text(pattern=LABEL_VALUE, maxLength=63)),
        **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), _TIME),
        **dict.fromkeys(("deletionGracePeriodSeconds", "generation"), _COUNT),
        "finalizers": _list(_text(), **{"x-kubernetes-list-type": "set"}),
        "managedFields": _list(_MANAGED),
        "ownerReferences": _list(_OWNER, **{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["uid"]}),
    }
)
"""metadata of every object (k8s.io/apimachinery/pkg/apis/meta/v1, ObjectMeta)."""
NAMED: Schema = {**OBJECT_META, "anyOf": [{"required": ["name"]}, {"required": ["generateName"]}]}
"""The metadata of an object that is stored, unlike that of a template inside one."""
SUBDOMAIN_NAMED: Schema = {
    **NAMED,
    "properties": {**OBJECT_META["properties"], "name": _text(pattern=SUBDOMAIN, maxLength=253)},
}
"""The metadata of any custom resource, and of most others."""


def rooted(schema: Schema, group: str, version: str, kind: str, scope: str) -> Schema:
    """The root of a schema file: its dialect, one exact apiVersion and kind, its scope, and a status left alone."""
    api_version = f"{group}/{version}" if group else version
    properties = {
        **schema["properties"],
        "apiVersion": {"type": "string", "const": api_version},
        "kind": {"type": "string", "const": kind},
    }
    if "status" in properties:
        properties["status"] = {PRESERVE: True}
    required = {"apiVersion", "kind", "metadata", *schema.get("required", ())}
    return {
        **schema,
        "$schema": DIALECT,
        "type": "object",
        "properties": properties,
        "required": sorted(required - {"status"}),
        IDENTITY: [{"group": group, "version": version, "kind": kind}],
        SCOPE: scope,
    }
