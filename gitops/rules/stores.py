"""Object stores and the buckets that objects make in them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from gitops.objects import Object
from gitops.rules.base import Inventory, Kind, at, items
from gitops.rules.patterns import pattern
from gitops.rules.pods import containers, pods

AWS = "amazonaws.com"
_MAKES = pattern(r"\bmc mb (?:--?[a-z-]+(?:=\S+)? )*[\w-]+/([a-z0-9][a-z0-9.-]+)")
_URL = pattern(r"https?://(?:[^@/\s]*@)?([A-Za-z0-9.:-]+)")

_CLAIM: Kind = ("objectbucket.io", "ObjectBucketClaim")
_ON_AWS: tuple[Kind, ...] = (
    ("s3.services.k8s.aws", "Bucket"),
    ("s3.aws.upbound.io", "Bucket"),
    ("s3.aws.m.upbound.io", "Bucket"),
)
_TENANT: Kind = ("minio.min.io", "Tenant")


class Store(NamedTuple):
    """Where buckets are: a host and port. `host` is empty where only the cluster will know."""

    host: str
    port: str = ""


@lru_cache(1024)
def store(endpoint: str, namespace: str) -> Store:
    """The store at an endpoint as pods of `namespace` see it: names inside the cluster in one spelling."""
    address = endpoint.strip().partition("://")[2] or endpoint.strip()
    host, _, port = address.partition("/")[0].lower().partition(":")
    if not host or host.endswith(AWS):
        return Store(AWS)
    if "." not in host:
        host = f"{host}.{namespace}"
    return Store(host.removesuffix(".cluster.local").removesuffix(".svc"), port)


def buckets(inventory: Inventory) -> dict[str, set[Store]]:
    """The buckets that objects make, and in which stores: Jobs that run `mc mb`, claims, ACK, Crossplane, MinIO tenants."""
    found: dict[str, set[Store]] = {}
    for (namespace, _), job in inventory.of(("batch", "Job")).items():
        for name, where in _made_by_job(job, namespace):
            found.setdefault(name, set()).add(where)
    for claim in inventory.of(_CLAIM).values():
        found.setdefault(at(claim, "spec", "bucketName") or "", set()).add(Store(""))
    for kind in _ON_AWS:
        for bucket in inventory.of(kind).values():
            found.setdefault(_name_on_aws(bucket), set()).add(Store(AWS))
    for bucket in inventory.of(("minio.crossplane.io", "Bucket")).values():
        name = at(bucket, "spec", "forProvider", "bucketName") or bucket["metadata"].get("name") or ""
        found.setdefault(name, set()).add(Store(""))
    for tenant in inventory.of(_TENANT).values():
        for _, each in items(tenant, "spec", "buckets"):
            found.setdefault(each.get("name") or "", set()).add(Store(""))
    found.pop("", None)
    return found


def by_store(inventory: Inventory) -> dict[Store, set[str]]:
    """The same buckets, by the stores that they are made in."""
    found: dict[Store, set[str]] = {}
    for name, stores in inventory.index(buckets).items():
        for where in stores:
            found.setdefault(where, set()).add(name)
    return found


def _made_by_job(job: Object, namespace: str) -> Iterator[tuple[str, Store]]:
    for pod in pods(job):
        for _, container in containers(pod):
            words = [
                word for field in ("command", "args") for word in container.get(field) or () if isinstance(word, str)
            ]
            names = _MAKES.findall(" ".join(words)) if any("mc mb " in word for word in words) else ()
            values = [entry.get("value") or "" for _, entry in items(container, "env")]
            urls = {url for text in (*values, *words) for url in _URL.findall(text)} if names else set()
            where = store(next(iter(urls)), namespace) if len(urls) == 1 else Store("")
            yield from ((name, where) for name in names)


def _name_on_aws(bucket: Object) -> str:
    external = at(bucket, "metadata", "annotations", "crossplane.io/external-name")
    name = at(bucket, "spec", "name") or external or bucket["metadata"].get("name")
    return name if isinstance(name, str) else ""
