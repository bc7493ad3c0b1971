"""The stores and buckets that credentials and models name."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault
from gitops.objects import Object
from gitops.problems import nearest
from gitops.rules import serving
from gitops.rules.base import Cluster, rule
from gitops.rules.lookups import (
    CONFIG_MAP,
    config_lacks,
    configs,
    hint,
    likely,
    look_elsewhere,
    service_lacks,
    services,
)
from gitops.rules.patterns import pattern
from gitops.rules.references import model_uris
from gitops.rules.storage_secrets import (
    MAKERS,
    S3,
    SETTING_NAMES,
    Setting,
    chain,
    fetched_by_kserve,
    provider,
    settings,
)
from gitops.rules.stores import Store, buckets, by_store, store
from gitops.schemas.faults import dotted

_CLUSTER_NAME = pattern(r"^([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc(?:\.cluster\.local)?)?)?$")


@rule("reference", serving.INFERENCE_SERVICE, level="warning")
def bucket_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The bucket of a model's `s3://` URI is one that is made in the store that the model's credentials lead to.

    It is asked only where objects of this environment make buckets in that store.

    Why: the download begins with a look at the bucket, and ends with 404 `Not Found`: the pod restarts its first container for ever.

    Fix: correct the bucket's name, add the bucket to the application, or state it under `provides` as kind Bucket.

    Source: kserve `python/storage/kserve_storage/kserve_storage.py` _download_s3.
    """
    if not cluster.complete or not fetched_by_kserve(obj):
        return
    for path, uri in model_uris(obj):
        if not uri.startswith("s3://") or path[1] != "predictor":
            continue
        name, made = uri.removeprefix("s3://").partition("/")[0], cluster.objects.index(buckets)
        where = _store_of(obj, cluster) if made else None
        stores = made.get(name, set())
        if where is None or where in stores or Store("") in stores:
            continue
        there = cluster.objects.index(by_store).get(where)
        if there and not cluster.environment.does_provide("Bucket", name):
            yield Fault(
                "bucket-exists",
                path,
                f"`{dotted(path)}` names a bucket that is not made in the store of this model",
                found=name,
                expected=f"one that is made there: {', '.join(f'`{each}`' for each in sorted(there))}",
                why="the download of the model ends with 404, again and again.",
                hint=_bucket_hint(name, there, stores),
            )


def _bucket_hint(name: str, there: set[str], stores: set[Store]) -> str:
    if stores:
        return f"a bucket `{name}` is made at `{_shown(next(iter(stores)))}`: use credentials for that store"
    if near := nearest(name, likely(name, there)):
        return f"did you mean `{near}`?"
    return f"add the bucket, or put `{{kind: Bucket, name: {name}}}` under `provides` in environment.yaml if it is there already"


def _shown(where: Store) -> str:
    return f"{where.host}:{where.port}" if where.port else where.host


def _store_of(service: Object, cluster: Cluster) -> Store | None:
    """The store that the predictor's one S3 Secret leads to; None where that is not certain."""
    found = [made for made in chain(service, cluster).secrets or () if provider(made) == "S3"]
    if len(found) != 1 or "S3_ENDPOINT" in (found[0].keys or ()):
        return None
    endpoint = found[0].annotations.get(f"{S3}endpoint") or ""
    return None if "{{" in endpoint else store(endpoint, cluster.namespace(service))


@rule("reference", *MAKERS, level="warning")
def s3_endpoint_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """An S3 endpoint inside the cluster is a Service that is there.

    Why: the name does not resolve, and the download of every model with these credentials ends with `Could not connect to the endpoint
    URL`. A bare name is looked for in the namespace of the model's pod.

    Fix: correct the name, write `service.namespace.svc:port`, or state the Service under `provides`.

    Source: kubernetes `DNS for Services and Pods`; kserve `pkg/credentials/s3/utils.go` BuildS3EnvVars.
    """
    each = settings(obj).get("s3-endpoint") if cluster.complete else None
    if each is None or not each.shown:
        return
    namespace, given = cluster.namespace(obj), cluster.environment.object_store
    if given and store(given.endpoint, namespace) == store(each.value, namespace):
        return
    found = _inside(each, namespace)
    if found and service_lacks(cluster, found[1], found[0]):
        yield Fault(
            "s3-endpoint-exists",
            each.path,
            f"`{dotted(each.path)}` names a Service that is not there",
            found=each.value,
            expected=f"a Service `{found[0]}` in namespace `{found[1]}`",
            why="the name does not resolve, and no model is downloaded with these credentials.",
            hint=_service_hint(cluster, *found),
        )


def _service_hint(cluster: Cluster, name: str, namespace: str) -> str:
    return look_elsewhere("Service", namespace, name, cluster.objects.index(services)[0], f"write `{name}.{{}}.svc`")


def _inside(endpoint: Setting, namespace: str) -> tuple[str, str] | None:
    """Service and namespace, if the endpoint is certainly inside the cluster: `example.com` has the form of one as well."""
    address = endpoint.value.strip().partition("://")[2] or endpoint.value.strip()
    host = address.partition("/")[0].partition(":")[0]
    match = _CLUSTER_NAME.match(host)
    if match is None or host == "localhost" or host.replace(".", "").isdigit():
        return None
    name, where = match.group(1), match.group(2)
    certain = where is None or where == namespace or host.endswith((".svc", ".svc.cluster.local"))
    return (name, where or namespace) if certain else None


@rule("controller", *MAKERS, level="warning", needs=SETTING_NAMES)
def s3_matches_object_store(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Credentials for the environment's object store agree with what environment.yaml says of it.

    Why: a scheme or a region that is not the store's makes every download with them fail, with an SSL error or with `PermanentRedirect`.

    Fix: correct the annotation, or `object_store` in environment.yaml.

    Source: kserve `pkg/credentials/s3/utils.go` BuildS3EnvVars; `object_store` of environment.yaml.
    """
    given = cluster.environment.object_store
    found = settings(obj) if given else {}
    endpoint, namespace = found.get("s3-endpoint"), cluster.namespace(obj)
    if given is None or endpoint is None or store(endpoint.value, namespace) != store(given.endpoint, namespace):
        return
    for name, expected in (("s3-usehttps", "1" if given.https else "0"), ("s3-region", given.region)):
        each = found.get(name)
        agrees = each is None or (
            (each.value != "0") == given.https if name == "s3-usehttps" else each.value == expected
        )
        if each and not agrees and "://" not in (endpoint.value if name == "s3-usehttps" else ""):
            yield Fault(
                "s3-matches-object-store",
                each.path,
                f"`{dotted(each.path)}` is not what `object_store` in environment.yaml says",
                found=each.value if each.shown else "a value that is not shown",
                expected=f'"{expected}"',
                why="the endpoint is that of the environment's object store.",
                hint="correct this value, or `object_store` in environment.yaml",
            )


@rule("reference", *MAKERS)
def ca_bundle_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The ConfigMap with certificates that S3 settings name is there, with the key `cabundle.crt`.

    Why: KServe mounts it into every pod that downloads with these credentials: without the ConfigMap the pod stays in `Init:0/1` with the
    event `FailedMount`; without the key the download ends with `Failed to find ca bundle file`.

    Fix: add the ConfigMap to the namespace of the models, with the certificates under `cabundle.crt`.

    Source: kserve `pkg/webhook/admission/pod/storage_initializer_injector.go`, `python/storage/kserve_storage/kserve_storage.py`.
    """
    each = settings(obj).get("s3-cabundle-configmap")
    if each is None or not each.value or not each.shown:
        return
    namespace = cluster.namespace(obj)
    keys = cluster.objects.index(configs).get((namespace, each.value))
    bundle = (settings(obj).get("s3-cabundle") or Setting("", (), "", shown=True)).value.rpartition("/")[
        2
    ] or "cabundle.crt"
    missing = config_lacks(cluster, namespace, each.value)
    if missing or (keys is not None and bundle not in keys):
        yield Fault(
            "ca-bundle-exists",
            each.path,
            f"`{dotted(each.path)}` names a ConfigMap that {'is not there' if missing else f'has no key `{bundle}`'}",
            found=each.value,
            expected=f"a ConfigMap with the key `{bundle}` in namespace `{namespace}`",
            why="no model can be downloaded with these credentials.",
            hint=hint(cluster, CONFIG_MAP, namespace, each.value)
            if missing
            else f"put the certificates under `{bundle}`",
        )
