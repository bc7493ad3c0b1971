"""What a cluster will have, whoever makes it, and where to look for what it will not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from gitops.problems import nearest
from gitops.rules import serving
from gitops.rules.base import Cluster, Inventory, Kind, items
from gitops.rules.secrets_made import SECRET, SecretMade, Where, secrets

ACCOUNT: Kind = ("", "ServiceAccount")
CONFIG_MAP: Kind = ("", "ConfigMap")
CLAIM: Kind = ("", "PersistentVolumeClaim")
NAMESPACE: Kind = ("", "Namespace")
SERVICE: Kind = ("", "Service")

MADE_EVERYWHERE = {
    ACCOUNT: frozenset(("default",)),
    CONFIG_MAP: frozenset(
        (
            "kube-root-ca.crt",
            "openshift-service-ca.crt",
            "istio-ca-root-cert",
            "global-ca-bundle",
            "odh-trusted-ca-bundle",
        )
    ),
}
"""What controllers put into every namespace."""

_BUCKET_KEYS = frozenset(("BUCKET_HOST", "BUCKET_PORT", "BUCKET_NAME", "BUCKET_REGION", "BUCKET_SUBREGION"))
_MANY = 200
"""From this many names on, a near one is only looked for among those that begin alike: to compare names is slow."""


def secret_lacks(cluster: Cluster, namespace: str, name: str) -> bool:
    """Whether it is certain that there will be no such Secret, made by whatever."""
    return (namespace, name) not in cluster.objects.index(secrets) and cluster.lacks(SECRET, namespace, name)


def secret(cluster: Cluster, namespace: str, name: str) -> SecretMade | None:
    """A Secret that the objects make."""
    return cluster.objects.index(secrets).get((namespace, name))


def configs(inventory: Inventory) -> dict[Where, frozenset[str] | None]:
    """The ConfigMaps that objects make, and their keys; None where something else fills them."""
    found: dict[Where, frozenset[str] | None] = {}
    for where in inventory.of(("objectbucket.io", "ObjectBucketClaim")):
        found[where] = _BUCKET_KEYS
    for where, obj in inventory.of(CONFIG_MAP).items():
        found[where] = _keys(obj)
    return found


def _keys(config: Mapping[str, Any]) -> frozenset[str] | None:
    marks = (*(config["metadata"].get("labels") or {}), *(config["metadata"].get("annotations") or {}))
    if any(
        "inject" in mark and "ca" in mark for mark in marks
    ):  # OpenShift and cert-manager add a bundle to such a one
        return None
    return frozenset(config.get("data") or {}) | frozenset(config.get("binaryData") or {})


def config_lacks(cluster: Cluster, namespace: str, name: str) -> bool:
    """Whether it is certain that there will be no such ConfigMap."""
    return (
        (namespace, name) not in cluster.objects.index(configs)
        and name not in MADE_EVERYWHERE[CONFIG_MAP]
        and not any(bundle == name for _, bundle in cluster.objects.of(("trust.cert-manager.io", "Bundle")))
        and cluster.lacks(CONFIG_MAP, namespace, name)
    )


def account_lacks(cluster: Cluster, namespace: str, name: str) -> bool:
    """Whether it is certain that there will be no such ServiceAccount."""
    return name not in MADE_EVERYWHERE[ACCOUNT] and cluster.lacks(ACCOUNT, namespace, name)


def claims(inventory: Inventory) -> tuple[frozenset[Where], tuple[tuple[str, str], ...]]:
    """The claims that objects make: by name, and by how their names begin."""
    named = {*inventory.of(CLAIM), *inventory.of(("cdi.kubevirt.io", "DataVolume"))}
    begun = [
        (namespace, f"{(template.get('metadata') or {}).get('name')}-{name}-")
        for (namespace, name), obj in inventory.of(("apps", "StatefulSet")).items()
        for _, template in items(obj, "spec", "volumeClaimTemplates")
    ]
    caches = [
        *inventory.of((serving.GROUP, "LocalModelCache")),
        *inventory.of((serving.GROUP, "LocalModelNamespaceCache")),
    ]
    return frozenset(named), (*begun, *(("", f"{name}-") for _, name in caches))


def claim_lacks(cluster: Cluster, namespace: str, name: str) -> bool:
    """Whether it is certain that there will be no such PersistentVolumeClaim."""
    named, begun = cluster.objects.index(claims)
    return (
        (namespace, name) not in named
        and not any(where in ("", namespace) and name.startswith(start) for where, start in begun)
        and cluster.lacks(CLAIM, namespace, name)
    )


def look_elsewhere(kind: str, namespace: str, name: str, there: Collection[Where], across: str = "") -> str:
    """A hint: the same name in another namespace, a near name in this one, or what to do where there is neither.

    `across`: how to name one of another namespace (`{}`), if that is possible.
    """
    others = sorted({where for where, other in there if other == name and where != namespace})
    if others:
        todo = across.format(others[0]) or f"make one in `{namespace}`, for names do not reach over"
        return f"the {kind} `{name}` is in namespace `{others[0]}`: {todo}"
    near = nearest(name, likely(name, [other for where, other in there if where == namespace]))
    if near:
        return f"did you mean `{near}`?"
    return f"add it, or, if the cluster has it already, put `{{kind: {kind}, name: {name}}}` under `provides` in environment.yaml"


def likely(name: str, names: Collection[str]) -> Collection[str]:
    """Those among names that a near one is worth looking for: all, or of many only some that begin like `name`."""
    return names if len(names) <= _MANY else [other for other in names if other[:3] == name[:3]][:_MANY]


def there(cluster: Cluster, kind: Kind) -> Collection[Where]:
    """Namespace and name of everything of a kind that objects make."""
    gathered: dict[Kind, Callable[[], Collection[Where]]] = {
        SECRET: lambda: cluster.objects.index(secrets),
        CONFIG_MAP: lambda: cluster.objects.index(configs),
        CLAIM: lambda: cluster.objects.index(claims)[0],
    }
    return gathered.get(kind, lambda: cluster.objects.of(kind))()


def hint(cluster: Cluster, kind: Kind, namespace: str, name: str, across: str = "") -> str:
    """Where to look for an object that is not there."""
    return look_elsewhere(kind[1], namespace, name, there(cluster, kind), across)


def services(inventory: Inventory) -> tuple[frozenset[Where], frozenset[Where]]:
    """The Services that there will be: by name, and by how the names begin that a controller gives."""
    named = {*inventory.of(SERVICE), *inventory.of(("serving.knative.dev", "Service"))}
    makers: Iterable[Kind] = (
        *(serving.INFERENCE_SERVICE, serving.INFERENCE_GRAPH, serving.LLM_INFERENCE_SERVICE),
        *(("kafka.strimzi.io", "Kafka"), ("minio.min.io", "Tenant"), ("serving.knative.dev", "Service")),
    )
    made = {where for kind in makers for where in inventory.of(kind)}
    return frozenset(named | made), frozenset((namespace, f"{name}-") for namespace, name in made)


def service_lacks(cluster: Cluster, namespace: str, name: str) -> bool:
    """Whether it is certain that there will be no such Service, made by whatever."""
    named, begun = cluster.objects.index(services)
    return (
        cluster.lacks(SERVICE, namespace, name)
        and (namespace, name) not in named
        and not any((namespace, name[: cut + 1]) in begun for cut, letter in enumerate(name) if letter == "-")
    )
