"""The kinds that Kubernetes itself serves, from the definitions that the kubernetes-validate package carries.

Those come from the OpenAPI document of each minor version and are strict already; they know neither the scope of a
kind nor what a quantity looks like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gitops.schemas.meta import (
    DNS_LABEL,
    INT32,
    INT64,
    INT_OR_STRING,
    NAMED,
    OBJECT_META,
    QUANTITY,
    SERVICE_LABEL,
    SUBDOMAIN,
    SUBDOMAIN_NAMED,
    integers,
    named,
    rooted,
)
from gitops.schemas.share import Schema, map_subschemas

Definitions = Mapping[str, Any]
Identity = tuple[str, str, str]
"""Group, version, kind."""

_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_NAMELESS = frozenset({"authentication.k8s.io", "authorization.k8s.io"})  # reviews are asked, not stored
_RANGES = {"int32": INT32, "int64": INT64}
_NAMED: Mapping[tuple[str, str], Schema] = {
    ("", "Namespace"): named(DNS_LABEL, 63),
    ("", "Service"): named(SERVICE_LABEL, 63),
    ("apps", "StatefulSet"): named(DNS_LABEL, 63),
    ("batch", "CronJob"): named(SUBDOMAIN, 52),
}
_PATH_NAMED: Mapping[str, frozenset[str]] = {  # or by a rule of their own that is not to be seen in a name alone
    "": frozenset({"Binding", "ComponentStatus", "Event"}),
    "apiregistration.k8s.io": frozenset({"APIService"}),
    "certificates.k8s.io": frozenset({"CertificateSigningRequest", "ClusterTrustBundle"}),
    "coordination.k8s.io": frozenset({"LeaseCandidate"}),
    "internal.apiserver.k8s.io": frozenset({"StorageVersion"}),
    "networking.k8s.io": frozenset({"IPAddress"}),
    "policy": frozenset({"Eviction", "PodDisruptionBudget"}),
    "rbac.authorization.k8s.io": frozenset({"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}),
}
"""What names may be: k8s.io/kubernetes, pkg/apis/*/validation (1.34); of all others they are DNS subdomains."""
_OURS: dict[str, Schema] = {
    _META: {**OBJECT_META, "type": ["object", "null"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["number", "string", "null"], "pattern": QUANTITY},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
        "type": ["integer", "string", "null"],
        INT_OR_STRING: True,
        **integers(*INT32),
    },
}

_FILLED_IN = {"io.k8s.api.rbac.v1.RoleRef": frozenset({"apiGroup"})}
"""Required by the OpenAPI document, and defaulted by k8s.io/kubernetes pkg/apis/rbac/v1/defaults.go."""

CLUSTER_SCOPED: Mapping[str, frozenset[str]] = {
    "": frozenset({"ComponentStatus", "Namespace", "Node", "PersistentVolume"}),
    "admissionregistration.k8s.io": frozenset(
        {
            *("MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration"),
            *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration"),
        }
    ),
    "apiextensions.k8s.io": frozenset({"CustomResourceDefinition"}),
    "apiregistration.k8s.io": frozenset({"APIService"}),
    "authentication.k8s.io": frozenset({"SelfSubjectReview", "TokenReview"}),
    "authorization.k8s.io": frozenset({"SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"}),
    "certificates.k8s.io": frozenset({"CertificateSigningRequest", "ClusterTrustBundle"}),
    "flowcontrol.apiserver.k8s.io": frozenset({"FlowSchema", "PriorityLevelConfiguration"}),
    "internal.apiserver.k8s.io": frozenset({"StorageVersion"}),
    "networking.k8s.io": frozenset({"ClusterCIDR", "IPAddress", "IngressClass", "ServiceCIDR"}),
    "node.k8s.io": frozenset({"RuntimeClass"}),
    "rbac.authorization.k8s.io": frozenset({"ClusterRole", "ClusterRoleBinding"}),
    "resource.k8s.io": frozenset(
        {"DeviceClass", "DeviceTaintRule", "ResourceClass", "ResourcePoolStatusRequest", "ResourceSlice"}
    ),
    "scheduling.k8s.io": frozenset({"PriorityClass"}),
    "storage.k8s.io": frozenset({"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"}),
    "storagemigration.k8s.io": frozenset({"StorageVersionMigration"}),
}
"""Every core kind without a namespace, Kubernetes 1.25 to 1.37 (api/discovery of kubernetes/kubernetes)."""


def scope(group: str, kind: str) -> str:
    """Of a kind that Kubernetes itself serves."""
    return "Cluster" if kind in CLUSTER_SCOPED.get(group, ()) else "Namespaced"


def kinds(definitions: Definitions) -> dict[Identity, str]:
    """The objects among the definitions: what can be applied, which neither lists nor options can."""
    return {
        (each["group"], each["version"], each["kind"]): name
        for name, definition in definitions.items()
        if _refers(definition.get("properties", {}).get("metadata", {})) == _META
        for each in definition.get("x-kubernetes-group-version-kind", ())
    }


def schema(definitions: Definitions, identity: Identity) -> Schema:
    """The self-contained strict schema of one kind: its definition and only what that reaches. KeyError if none."""
    group, version, kind = identity
    root = _clean(definitions[kinds(definitions)[identity]])
    root["properties"]["metadata"] = _metadata(group, kind)
    result = rooted(root, group, version, kind, scope(group, kind))
    if group in _NAMELESS:
        result["required"] = [name for name in result["required"] if name != "metadata"]
    if reached := _reached(definitions, result):
        result["$defs"] = reached
    return result


def _metadata(group: str, kind: str) -> Schema:
    if group in _NAMELESS:
        return OBJECT_META
    if kind in _PATH_NAMED.get(group, ()):
        return NAMED
    return _NAMED.get((group, kind), SUBDOMAIN_NAMED)


def _refers(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _defaulted(name: str, definition: Schema) -> Schema:
    """Without demanding what the API server fills in."""
    filled = _FILLED_IN.get(name)
    if not filled:
        return definition
    return {**definition, "required": [each for each in definition["required"] if each not in filled]}


def _reached(definitions: Definitions, root: Schema) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    waiting = list(_references(root))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _OURS.get(name) or _defaulted(name, _clean(definitions[name]))
            waiting.extend(_references(found[name]))
    return dict(sorted(found.items()))


def _references(schema: Schema) -> Iterator[str]:
    found: list[str] = []

    def visit(each: Schema) -> Schema:
        if "$ref" in each:
            found.append(_refers(each))
        return map_subschemas(each, visit)

    visit(schema)
    return iter(found)


def _clean(definition: Mapping[str, Any]) -> Schema:
    kept = {keyword: value for keyword, value in definition.items() if keyword != "description"}
    if kept.get("format") in _RANGES:
        kept |= integers(*_RANGES[kept["format"]])
    return map_subschemas(kept, _clean)
