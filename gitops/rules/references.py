"""Names that pods and service accounts give: accounts, Secrets, ConfigMaps, claims, and the keys in them."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.problems import nearest
from gitops.rules import serving
from gitops.rules.base import Cluster, at, items, rule
from gitops.rules.lookups import (
    ACCOUNT,
    CLAIM,
    CONFIG_MAP,
    account_lacks,
    claim_lacks,
    config_lacks,
    configs,
    hint,
    secret,
    secret_lacks,
)
from gitops.rules.once import once
from gitops.rules.pods import (
    CONFIG_FIELDS,
    KINDS,
    SECRET_FIELDS,
    Reference,
    account,
    claims_of,
    configs_of,
    pods,
    references,
    secrets_of,
)
from gitops.rules.secrets_made import SECRET
from gitops.schemas.faults import dotted


@rule("reference", *KINDS)
def service_account_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The ServiceAccount that a pod runs as is there, in the pod's namespace.

    Why: the API server refuses every pod of a missing account: the Deployment, Job or Knative revision stays without pods, with
    the event `error looking up service account`. KServe meanwhile only logs that it found no credentials for the model.

    Fix: add the ServiceAccount to this application, correct the name, or state it under `provides` if something else makes it.

    Source: kubernetes `plugin/pkg/admission/serviceaccount/admission.go` Admit; kserve
    `pkg/credentials/service_account_credentials.go` CreateSecretVolumeAndEnv.
    """
    namespace = cluster.namespace(obj)
    for pod in pods(obj):
        path, name = account(pod)
        if account_lacks(cluster, namespace, name):
            yield Fault(
                "service-account-exists",
                path,
                f"`{dotted(path)}` names a ServiceAccount that is not there",
                found=name,
                expected=f"a ServiceAccount in namespace `{namespace}`",
                why="the API server refuses every pod of an account that does not exist, so none is ever started.",
                hint=hint(cluster, ACCOUNT, namespace, name),
            )


@rule("reference", *KINDS, needs=SECRET_FIELDS)
def secret_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every Secret that a pod reads as variables or files is there, unless it is marked `optional`.

    Why: the kubelet does not start a container whose Secret is missing: the pod stays in `CreateContainerConfigError` (variables) or
    `ContainerCreating` with the event `FailedMount` (volumes).

    Fix: add the Secret or the object that makes it, correct the name, or set `optional: true` if the container can do without.

    Source: kubernetes `pkg/kubelet/kubelet_pods.go` makeEnvironmentVariables, `pkg/volume/secret/secret.go` SetUpAt.
    """
    namespace = cluster.namespace(obj)
    for each in references(obj, secrets_of):
        if not each.optional and secret_lacks(cluster, namespace, each.name):
            yield Fault(
                "secret-exists",
                each.path,
                f"`{dotted(each.path)}` names a Secret that is not there",
                found=each.name,
                expected=f"a Secret in namespace `{namespace}`",
                why="the kubelet waits for the Secret and does not start the container.",
                hint=hint(cluster, SECRET, namespace, each.name),
            )


@rule("reference", *KINDS, needs=SECRET_FIELDS)
def secret_has_key(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every key that a pod takes from a Secret is in that Secret.

    Why: the kubelet does not start a container whose key is missing: the pod stays in `CreateContainerConfigError` with
    `couldn't find key … in Secret`, or in `ContainerCreating` where the key is a file of a volume.

    Fix: correct the key, or add it to the Secret (to `template.data` of an ExternalSecret whose template replaces what it fetches).

    Source: kubernetes `pkg/kubelet/kubelet_pods.go` makeEnvironmentVariables, `pkg/volume/secret/secret.go` MakePayload.
    """
    namespace = cluster.namespace(obj)
    for each in references(obj, secrets_of):
        made = secret(cluster, namespace, each.name) if each.keys and not each.optional else None
        if made is None or made.keys is None:
            continue
        for path, key in _missing(each, made.keys):
            yield Fault(
                "secret-has-key",
                path,
                f"`{dotted(path)}` names a key that Secret `{each.name}` does not have",
                found=key,
                expected=f"a key that {made.by.kind} `{made.by.name}` puts there: {_names(made.keys)}",
                why="the kubelet finds no such key and does not start the container.",
                hint=_near(key, made.keys) or f"add the key to {made.by.kind} `{made.by.name}`",
            )


@rule("reference", *KINDS, needs=CONFIG_FIELDS)
def config_map_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every ConfigMap that a pod reads as variables or files is there, unless it is marked `optional`.

    Why: the kubelet does not start a container whose ConfigMap is missing: the pod stays in `CreateContainerConfigError` (variables)
    or `ContainerCreating` with the event `FailedMount` (volumes).

    Fix: add the ConfigMap, correct the name, or set `optional: true` if the container can do without.

    Source: kubernetes `pkg/kubelet/kubelet_pods.go` makeEnvironmentVariables, `pkg/volume/configmap/configmap.go` SetUpAt.
    """
    namespace = cluster.namespace(obj)
    for each in references(obj, configs_of):
        if not each.optional and config_lacks(cluster, namespace, each.name):
            yield Fault(
                "config-map-exists",
                each.path,
                f"`{dotted(each.path)}` names a ConfigMap that is not there",
                found=each.name,
                expected=f"a ConfigMap in namespace `{namespace}`",
                why="the kubelet waits for the ConfigMap and does not start the container.",
                hint=hint(cluster, CONFIG_MAP, namespace, each.name),
            )


@rule("reference", *KINDS, needs=CONFIG_FIELDS)
def config_map_has_key(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every key that a pod takes from a ConfigMap is in that ConfigMap.

    Why: the kubelet does not start a container whose key is missing: the pod stays in `CreateContainerConfigError` with
    `couldn't find key … in ConfigMap`, or in `ContainerCreating` where the key is a file of a volume.

    Fix: correct the key, or add it to the ConfigMap.

    Source: kubernetes `pkg/kubelet/kubelet_pods.go` makeEnvironmentVariables, `pkg/volume/configmap/configmap.go` MakePayload.
    """
    namespace = cluster.namespace(obj)
    for each in references(obj, configs_of):
        keys = cluster.objects.index(configs).get((namespace, each.name)) if each.keys and not each.optional else None
        for path, key in _missing(each, keys) if keys is not None else ():
            yield Fault(
                "config-map-has-key",
                path,
                f"`{dotted(path)}` names a key that ConfigMap `{each.name}` does not have",
                found=key,
                expected=f"one of its keys: {_names(keys or frozenset())}",
                why="the kubelet finds no such key and does not start the container.",
                hint=_near(key, keys or frozenset()) or f"add the key to ConfigMap `{each.name}`",
            )


@rule("reference", *KINDS)
def volume_claim_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every PersistentVolumeClaim that a pod mounts, or that a `pvc://` URI names, is there.

    Why: the scheduler places no pod whose claim does not exist: it stays `Pending` with `persistentvolumeclaim "…" not found`.

    Fix: add the claim, correct the name (in `pvc://name/path` the name comes first), or state it under `provides`.

    Source: kubernetes `pkg/scheduler/framework/plugins/volumebinding/volume_binding.go`; kserve `pkg/utils/storage.go` ParsePvcURI.
    """
    namespace = cluster.namespace(obj)
    for each in (*references(obj, claims_of), *_claims_of_models(obj)):
        if claim_lacks(cluster, namespace, each.name):
            yield Fault(
                "volume-claim-exists",
                each.path,
                f"`{dotted(each.path)}` names a PersistentVolumeClaim that is not there",
                found=each.name,
                expected=f"a PersistentVolumeClaim in namespace `{namespace}`",
                why="the scheduler leaves a pod pending until its claim exists.",
                hint=hint(cluster, CLAIM, namespace, each.name),
            )


def _claims_of_models(obj: Object) -> Iterator[Reference]:
    if obj["kind"] != "InferenceService":
        return
    for path, uri in model_uris(obj):
        if uri.startswith("pvc://"):
            yield Reference(path, uri.removeprefix("pvc://").partition("/")[0])


@once
def model_uris(service: Object) -> tuple[tuple[Path, str], ...]:
    """Every place that an InferenceService loads a model from, and where it is written."""
    return tuple(_uris(service))


def _uris(service: Object) -> Iterator[tuple[Path, str]]:
    for component in serving.components(service):
        single = serving.storage_uri(component)
        if single and single[1]:
            yield single
        for path, each in items(component.spec, "storageUris"):
            if uri := at(each, "uri"):
                yield (*component.path, *path, "uri"), uri


def _missing(reference: Reference, keys: frozenset[str]) -> Iterator[tuple[Path, str]]:
    return ((path, key) for path, key in reference.keys if key not in keys)


def _names(keys: frozenset[str]) -> str:
    return ", ".join(f"`{key}`" for key in sorted(keys)) or "none"


def _near(key: str, keys: frozenset[str]) -> str:
    near = nearest(key, keys)
    return f"did you mean `{near}`?" if near else ""
