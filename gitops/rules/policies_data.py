"""Policies about data: secrets in git, open buckets, connections in clear, data that a mistake deletes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules import pods, serving
from gitops.rules.base import Cluster, Kind, at, rule
from gitops.rules.patterns import pattern

SECRET: Kind = ("", "Secret")
EXTERNAL_SECRET: Kind = ("external-secrets.io", "ExternalSecret")
SEALED_SECRET: Kind = ("bitnami.com", "SealedSecret")
SERVICE_ACCOUNT: Kind = ("", "ServiceAccount")
CLAIM: Kind = ("", "PersistentVolumeClaim")
JOB: Kind = ("batch", "Job")
KAFKA_TOPIC: Kind = ("kafka.strimzi.io", "KafkaTopic")
ACK_BUCKET: Kind = ("s3.services.k8s.aws", "Bucket")
CROSSPLANE_BUCKETS: tuple[Kind, ...] = (("s3.aws.upbound.io", "Bucket"), ("s3.aws.m.upbound.io", "Bucket"))
CROSSPLANE_POLICIES: tuple[Kind, ...] = (
    *(("s3.aws.upbound.io", kind) for kind in ("BucketPolicy", "BucketACL")),
    *(("s3.aws.m.upbound.io", kind) for kind in ("BucketPolicy", "BucketACL")),
)
OBJECT_BUCKET_CLAIM: Kind = ("objectbucket.io", "ObjectBucketClaim")

SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
ACK_POLICY = "services.k8s.aws/deletion-policy"
USE_HTTPS = "serving.kserve.io/s3-usehttps"
VERIFY_SSL = "serving.kserve.io/s3-verifyssl"
ENDPOINT = "serving.kserve.io/s3-endpoint"

_SECRET_METADATA: dict[str, Path] = {
    "ExternalSecret": ("spec", "target", "template", "metadata"),
    "SealedSecret": ("spec", "template", "metadata"),
}
"""Where the annotations stand that the Secret will have."""
_OPENS = "mc anonymous set "
_MC_ANONYMOUS = pattern(rf"\b{_OPENS}(public|download|upload)\b")
_ADDRESSES: tuple[tuple[str, str], ...] = (
    ("model", "storageUri"),
    ("logger", "url"),
    *((name, "storageUri") for name in serving.FRAMEWORKS),
)
_PUBLIC_ACLS = frozenset({"public-read", "public-read-write", "authenticated-read"})


@rule("policy", SECRET, level="warning")
def plain_secret(secret: Object, cluster: Cluster) -> Iterator[Fault]:
    """No Secret with values in clear is kept in git, unless the environment allows it.

    Why: whoever can read the repository, now or in any clone of its history, has the value; Argo CD also keeps it in its cache.

    Fix: let the environment's secret backend make the Secret (an ExternalSecret or a SealedSecret), and change the value wherever it opened something. For a cluster that opens nothing else, `secrets: {allow_plaintext: true}` in its environment.yaml allows it.

    Source: Kubernetes documentation, good practices for Secrets: base64 is no encryption.
    """
    if cluster.environment.secrets.allow_plaintext or secret.get("type") == "kubernetes.io/service-account-token":
        return
    for field in ("data", "stringData"):
        keys = sorted((secret.get(field) or {}).keys())
        if keys:
            yield Fault(
                "plain-secret",
                (field,),
                f"`{field}` holds values in clear",
                found=f"{len(keys)} key{'s' if len(keys) > 1 else ''} (values not shown)",
                expected="an ExternalSecret or SealedSecret that makes this Secret",
                why="git remembers what was once in clear; base64 hides nothing.",
                hint="move the values to the environment's secret backend, and change them where they opened something",
            )


@rule("policy", JOB, ACK_BUCKET, *CROSSPLANE_POLICIES, level="warning")
def anonymous_bucket(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """No bucket is open to everybody.

    Why: whoever reaches the store can list and read, or fill, the bucket without any key; models and their data are rarely meant for that.

    Fix: remove the public grant, and give readers a key of their own.

    Source: minio-go pkg/policy/bucket-policy.go (`download` allows listing); AWS S3 canned ACLs.
    """
    for path, what in _openings(obj):
        yield Fault(
            "anonymous-bucket",
            path,
            f"a bucket is open to everybody: {what}",
            found=what,
            expected="access with a key only",
            why="whoever reaches the store needs no key.",
            hint="remove the public grant; if it is meant, suppress this rule with the reason",
        )


def _openings(obj: Object) -> Iterator[tuple[Path, str]]:
    if obj["kind"] == "Job":
        for pod in pods.pods(obj):
            for path, container in pods.containers(pod):
                for field in ("command", "args"):
                    for index, text in enumerate(container.get(field) or ()):
                        if isinstance(text, str) and _OPENS in text and (found := _MC_ANONYMOUS.search(text)):
                            yield (*path, field, index), f"`{found[0]}`"
        return
    for place in (("spec", "acl"), ("spec", "forProvider", "acl")):
        if at(obj, *place) in _PUBLIC_ACLS:
            yield place, f"acl `{at(obj, *place)}`"
    for place in (("spec", "policy"), ("spec", "forProvider", "policy")):
        if _is_public(at(obj, *place)):
            yield place, "a policy that allows every principal"


def _is_public(policy: Any) -> bool:
    try:
        statements = json.loads(policy).get("Statement", ()) if isinstance(policy, str) else ()
        each = [statements] if isinstance(statements, dict) else statements
        return any(
            one.get("Effect") == "Allow"
            and not one.get("Condition")
            and one.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
            for one in each
        )
    except (ValueError, AttributeError, TypeError):
        return False


@rule("policy", SECRET, EXTERNAL_SECRET, SEALED_SECRET, SERVICE_ACCOUNT, serving.INFERENCE_SERVICE, level="warning")
def unencrypted_endpoint(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Models and keys travel encrypted: no object store, model or log is addressed by plain http.

    Why: keys and models cross the network in clear, and whoever sits between can put another model in their place.

    Fix: give the store a certificate, and `serving.kserve.io/s3-usehttps: "1"`; write `https://` in URLs.

    Source: kserve pkg/credentials/s3 (the endpoint's scheme follows `s3-usehttps` unless it has one), v0.20.0.
    """
    if obj["kind"] == "InferenceService":
        for component in serving.components(obj):
            for place in (place for place in _ADDRESSES if place[0] in component.spec):
                url = at(component.spec, *place)
                if isinstance(url, str) and url.startswith("http://") and not _is_local(url):
                    yield _in_clear((*component.path, *place), f"`{'.'.join(place)}` is plain http")
        return
    where = (*_SECRET_METADATA.get(obj["kind"], ("metadata",)), "annotations")
    annotations = at(obj, *where) or {}
    endpoint = str(annotations.get(ENDPOINT) or "")
    if endpoint.startswith("http://") or (endpoint and "://" not in endpoint and annotations.get(USE_HTTPS) == "0"):
        name = ENDPOINT if "://" in endpoint else USE_HTTPS
        yield _in_clear((*where, name), f"the object store `{endpoint}` is addressed by plain http")
    elif str(annotations.get(VERIFY_SSL)).lower() in ("0", "false"):
        yield _in_clear((*where, VERIFY_SSL), "the store's certificate is not verified")


def _in_clear(path: Path, message: str) -> Fault:
    return Fault(
        "unencrypted-endpoint",
        path,
        message,
        expected="https with a certificate that is verified",
        why="keys and models cross the network in clear, or can be exchanged on the way.",
        hint="give the store a certificate; a store inside the cluster may be accepted with a suppression and its reason",
    )


def _is_local(url: str) -> bool:
    host = url.removeprefix("http://").partition("/")[0].partition(":")[0]
    return "." not in host or host.endswith((".svc", ".svc.cluster.local"))


@rule("policy", ACK_BUCKET, *CROSSPLANE_BUCKETS, OBJECT_BUCKET_CLAIM, CLAIM, KAFKA_TOPIC, level="warning")
def data_without_retention(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """What holds data outlives its manifest: a bucket, claim or topic is kept when it is pruned or deleted by mistake.

    Why: a renamed application or a wrong selector makes Argo CD prune the object, and its controller then deletes the data with it.

    Fix: annotate it with `argocd.argoproj.io/sync-options: Prune=false,Delete=false`, or use the retention of its own kind (ACK `services.k8s.aws/deletion-policy: retain`, Crossplane `deletionPolicy: Orphan`, Strimzi `strimzi.io/managed: "false"`).

    Source: argo-cd docs/user-guide/sync-options.md; aws-controllers-k8s/runtime (deletion policy), crossplane-runtime (deletionPolicy), strimzi BatchingTopicController.
    """
    if not _is_kept(obj):
        yield Fault(
            "data-without-retention",
            ("metadata", "annotations", SYNC_OPTIONS),
            f"this {obj['kind']} and its data go with its manifest",
            expected="`argocd.argoproj.io/sync-options: Prune=false,Delete=false`, or the retention of its own kind",
            why="a renamed application makes Argo CD prune it, and the controller deletes the data.",
            hint="add the annotation",
        )


def _is_kept(obj: Object) -> bool:
    annotations = at(obj, "metadata", "annotations") or {}
    options = {each.strip() for each in str(annotations.get(SYNC_OPTIONS) or "").split(",")}
    policies: Any = at(obj, "spec", "managementPolicies")
    return (
        {"Prune=false", "Delete=false"} <= options
        or annotations.get(ACK_POLICY) == "retain"
        or annotations.get("strimzi.io/managed") == "false"
        or at(obj, "spec", "deletionPolicy") == "Orphan"
        or (isinstance(policies, list) and bool(policies) and not {"*", "Delete"} & set(map(str, policies)))
    )
