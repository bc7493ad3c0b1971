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
LIST_TYPE = "x-kubernetes-list-type"
LIST_KEYS = "x-kubernetes-list-map-keys"
RULES = "x-kubernetes-validations"

# What k8s.io/apimachinery/pkg/util/validation asks of names, as patterns; an empty name is as good as none.
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_ANY_CASE = _SUBDOMAIN.replace("a-z", "A-Za-z")
_KEY = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
SUBDOMAIN = rf"^({_SUBDOMAIN})?$"
DNS_LABEL = rf"^({_LABEL})?$"
SERVICE_LABEL = r"^([a-z]([-a-z0-9]*[a-z0-9])?)?$"
PATH_SEGMENT = r"^([^/%]*[^/%.][^/%]*|\.{3,}|)$"
LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
QUALIFIED_NAME = rf"^({_SUBDOMAIN}/)?{_KEY}$"
ANNOTATION_KEY = rf"^({_ANY_CASE}/)?{_KEY}$"
_LONGEST_KEY = 253 + 1 + 63
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


def _map(keys: str, values: Schema) -> Schema:
    names = {"pattern": keys, "maxLength": _LONGEST_KEY}
    return {"type": ["object", "null"], "propertyNames": names, "additionalProperties": values}


def _list(items: Schema) -> Schema:
    return {"type": ["array", "null"], "items": items}


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


def _owner(text: Schema) -> Schema:
    names = ("apiVersion", "kind", "name", "uid")
    flags = dict.fromkeys(("blockOwnerDeletion", "controller"), _FLAG)
    return _closed({**dict.fromkeys(names, text), **flags}, *names)


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
        "annotations": _map(ANNOTATION_KEY, _text()),
        "labels": _map(QUALIFIED_NAME, _text(pattern=LABEL_VALUE, maxLength=63)),
        **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), _TIME),
        **dict.fromkeys(("deletionGracePeriodSeconds", "generation"), _COUNT),
        "finalizers": _list(_text()),
        "managedFields": _list(_MANAGED),
        "ownerReferences": _list(_owner(_STRING)),
    }
)
"""metadata of every object, also of a template inside one (k8s.io/apimachinery/pkg/apis/meta/v1, ObjectMeta)."""
_OWN: Schema = {
    **OBJECT_META["properties"],
    **dict.fromkeys(("generateName", "name"), _text(pattern=PATH_SEGMENT)),
    "finalizers": _list({**_STRING, "pattern": QUALIFIED_NAME, "maxLength": _LONGEST_KEY}),
    "ownerReferences": _list(_owner({**_STRING, "minLength": 1})),
}
EMBEDDED_META: Schema = {**OBJECT_META, "type": ["object", "null"], "properties": _OWN}
"""The metadata of an object inside a custom resource (apiextensions-apiserver/pkg/apiserver/schema/objectmeta)."""


def named(pattern: str, longest: int) -> Schema:
    """The metadata of an object that is stored and whose kind restricts names; a generated one may end with hyphens."""
    prefix = f"{pattern.removesuffix(')?$')}-*)?$"
    return _named(_text(pattern=pattern, maxLength=longest), _text(pattern=prefix, maxLength=longest))


def _named(name: Schema, prefix: Schema) -> Schema:
    there = {"not": {"enum": ["", None]}}
    either = [{"required": [field], "properties": {field: there}} for field in ("name", "generateName")]
    return {**OBJECT_META, "properties": {**_OWN, "name": name, "generateName": prefix}, "anyOf": either}


NAMED = _named(_text(pattern=PATH_SEGMENT), _text(pattern="^[^/%]*$"))
"""The metadata of an object whose name only has to fit into a path."""
SUBDOMAIN_NAMED = named(SUBDOMAIN, 253)
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
