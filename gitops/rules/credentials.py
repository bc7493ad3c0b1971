"""From a model to its account, from there to its Secrets, and to what is in them: what KServe needs to fetch a model."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault
from gitops.objects import Object
from gitops.rules import serving
from gitops.rules.base import Cluster, Inventory, Kind, at, items, rule
from gitops.rules.lookups import ACCOUNT, hint, secret, secret_lacks
from gitops.rules.references import model_uris
from gitops.rules.secrets_made import SECRET, secrets
from gitops.rules.storage_secrets import (
    SECRET_NAMES,
    Chain,
    chain,
    fetched_by_kserve,
    provider,
)

_MOUNTED = frozenset(("Google Cloud Storage", "HDFS"))
_SCHEMES = {"s3": "S3", "hdfs": "HDFS", "webhdfs": "HDFS"}
"""Schemes that are not read without credentials, and the provider of each; a public `gs://` or `hf://` needs none."""
_ASSOCIATIONS: tuple[Kind, ...] = (
    ("eks.aws.m.upbound.io", "PodIdentityAssociation"),
    ("eks.aws.upbound.io", "PodIdentityAssociation"),
    ("eks.services.k8s.aws", "PodIdentityAssociation"),
)


@rule("reference", ACCOUNT, code="KS24", needs="secrets")
def account_secret_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every Secret that a ServiceAccount lists under `secrets` is there.

    Why: KServe reads all of them when a pod of a model is made, and lets the pod webhook refuse the pod when one is missing: the
    Deployment or revision stays without pods.

    Fix: add the Secret or the object that makes it, in an earlier sync wave than the InferenceService, or correct the name.

    Source: kserve `pkg/credentials/service_account_credentials.go` mountSecretCredential.
    """
    namespace = cluster.namespace(obj)
    for path, each in items(obj, "secrets"):
        name = each.get("name")
        if name and secret_lacks(cluster, namespace, name):
            yield Fault(
                "account-secret-exists",
                (*path, "name"),
                f"`secrets[{path[-1]}].name` names a Secret that is not there",
                found=name,
                expected=f"a Secret in namespace `{namespace}`",
                why="KServe's pod webhook refuses every pod of a model that runs as this account.",
                hint=hint(cluster, SECRET, namespace, name),
            )


@rule("reference", ACCOUNT, code="KS24", needs="secrets")
def one_secret_per_store(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A ServiceAccount lists at most one Secret for each kind of store: S3, Google Cloud Storage, Azure, HTTP, HDFS, Hugging Face.

    Why: of two S3 Secrets KServe takes the keys of the first and the endpoint, region and TLS settings of the last, and asks one store
    with the keys of the other. Two for Google or HDFS are mounted at the same path, and the API server refuses the pod.
    Of two others, the last wins.

    Fix: make a ServiceAccount for each store, or name the one Secret by the annotation `serving.kserve.io/storageSecretName`.

    Source: kserve `pkg/utils/utils.go` MergeEnvs, AppendVolumeIfNotExists; `pkg/credentials/service_account_credentials.go`.
    """
    first: dict[str, str] = {}
    for path, each in items(obj, "secrets"):
        name = each.get("name") or ""
        made = secret(cluster, cluster.namespace(obj), name) if name else None
        kind = provider(made) if made else None
        if kind is None:
            continue
        if kind in first and first[kind] != name:
            yield Fault(
                "one-secret-per-store",
                (*path, "name"),
                f"`{name}` is the second Secret for {kind}; `{first[kind]}` is the first",
                found=f"`{first[kind]}` and `{name}`",
                expected=f"one Secret for {kind}",
                why=_mixed(kind),
                hint="give each store a ServiceAccount of its own",
            )
        first.setdefault(kind, name)


def _mixed(kind: str) -> str:
    if kind == "S3":
        return "KServe takes the keys of the first and the endpoint, region and TLS settings of the last."
    if kind in _MOUNTED:
        return "both are mounted at the same path, and the API server refuses such a pod."
    return "both set the same environment variables, and only the last of them counts."


@rule("reference", serving.INFERENCE_SERVICE, level="warning")
def model_has_credentials(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A model in S3 or HDFS has credentials: its ServiceAccount lists a Secret for that store, or has an AWS role.

    Why: KServe looks for them at the predictor's ServiceAccount alone, `default` where none is given. Without any, the download ends
    with `Unable to locate credentials`, and the pod restarts its first container for ever.

    Fix: list the Secret under `secrets` of the ServiceAccount and name that as `serviceAccountName` of the predictor. If the nodes have
    a role of their own, suppress this rule for the model, with that as the reason.

    Source: kserve `pkg/credentials/service_account_credentials.go` CreateSecretVolumeAndEnv; kserve issues 3852, 4216.
    """
    for path, uri in model_uris(obj) if fetched_by_kserve(obj) else ():
        needed = _SCHEMES.get(uri.partition("://")[0])
        if needed is None or path[1] != "predictor":
            continue
        found = chain(obj, cluster)
        if found.secrets is None or found.role or any(provider(made) == needed for made in found.secrets):
            continue
        if not _otherwise(cluster, cluster.namespace(obj), found.account):
            yield Fault(
                "model-has-credentials",
                path,
                f"nothing opens the store of this model: ServiceAccount `{found.account}` has no Secret for {needed}",
                found=_listed_names(found),
                expected=f"a Secret for {needed} under `secrets` of ServiceAccount `{found.account}`",
                why="KServe hands the downloading container the Secrets of this account, and no other.",
                hint=_unused(cluster, cluster.namespace(obj), needed, found.account),
            )


def _listed_names(found: Chain) -> str:
    return ", ".join(f"`{made.by.name}`" for made in found.secrets or ()) or "no Secret"


def _otherwise(cluster: Cluster, namespace: str, account: str) -> bool:
    """Whether credentials may come from elsewhere: EKS Pod Identity, or a storage container that brings its own."""
    return (namespace, account) in cluster.objects.index(pod_identities) or bool(
        cluster.objects.of(serving.CLUSTER_STORAGE_CONTAINER)
    )


def pod_identities(inventory: Inventory) -> frozenset[tuple[str, str]]:
    """Namespace and name of the ServiceAccounts that EKS Pod Identity gives a role."""
    specs = [obj.get("spec") or {} for kind in _ASSOCIATIONS for obj in inventory.of(kind).values()]
    flat = [spec.get("forProvider") or spec for spec in specs]
    return frozenset((spec.get("namespace") or "", spec.get("serviceAccount") or "") for spec in flat)


def _unused(cluster: Cluster, namespace: str, needed: str, account: str) -> str:
    fitting = cluster.objects.index(by_store).get((namespace, needed))
    if fitting:
        return f"list Secret `{fitting[0]}` under `secrets` of ServiceAccount `{account}`"
    return f"add a Secret for {needed}, and list it under `secrets` of the account that the predictor names"


def by_store(inventory: Inventory) -> dict[tuple[str, str], list[str]]:
    """The names of the Secrets for each store, by namespace and store."""
    found: dict[tuple[str, str], list[str]] = {}
    for (namespace, name), made in inventory.index(secrets).items():
        if kind := provider(made):
            found.setdefault((namespace, kind), []).append(name)
    return found


@rule("reference", serving.INFERENCE_SERVICE, needs=SECRET_NAMES)
def storage_secret_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The Secret that an annotation names for a model's storage is there.

    Why: the annotation replaces what the ServiceAccount lists, and KServe's pod webhook refuses a pod whose Secret it does not find.

    Fix: correct the name, or add the Secret, in an earlier sync wave.

    Source: kserve `pkg/credentials/service_account_credentials.go` CreateSecretVolumeAndEnvFromServiceAccount.
    """
    namespace = cluster.namespace(obj)
    for where in (("metadata", "annotations"), ("spec", "predictor", "annotations")):
        for key in SECRET_NAMES:
            name = at(obj, *where, key)
            if isinstance(name, str) and secret_lacks(cluster, namespace, name):
                yield Fault(
                    "storage-secret-exists",
                    (*where, key),
                    f"the annotation `{key}` names a Secret that is not there",
                    found=name,
                    expected=f"a Secret in namespace `{namespace}`",
                    why="KServe's pod webhook refuses every pod of this model.",
                    hint=hint(cluster, SECRET, namespace, name),
                )


@rule("controller", serving.INFERENCE_SERVICE, level="warning", code="KS27", needs=SECRET_NAMES)
def storage_secret_annotation(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The annotation that names a storage Secret is one that this KServe reads: given under both names, with the same value.

    Why: which name is read is a setting of the installation: KServe's own manifests set `serving.kserve.io/storageSecretName`, its Helm
    charts `serving.kserve.io/secretName`. The other is passed over in silence, and the account's Secrets are used.

    Fix: where `secretName` is used, give `storageSecretName` the same value, so that it holds in either installation.

    Source: kserve `config/configmap/inferenceservice.yaml`, `charts/kserve-resources/values.yaml`: storageSecretNameAnnotation.
    """
    manifests, charts = SECRET_NAMES
    for where in (("metadata", "annotations"), ("spec", "predictor", "annotations")):
        mine, other = at(obj, *where, manifests), at(obj, *where, charts)
        if other is not None and mine != other:
            yield Fault(
                "storage-secret-annotation",
                (*where, charts),
                f"`{charts}` is read only where KServe was installed by its Helm charts",
                found=f"`{manifests}` is {'missing' if mine is None else 'another name'}",
                expected=f"`{manifests}` with the same value beside it",
                why="an installation reads one of the two names, and passes over the other in silence.",
                hint=f"add `{manifests}` with the same value",
            )
