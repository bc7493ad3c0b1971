"""How a model is fetched: the `storage` of a model, the container that downloads, and models in OCI images.

Source: kserve `pkg/credentials/service_account_credentials.go`, `pkg/webhook/admission/pod/storage_initializer_injector.go`,
`pkg/utils/storage.go`, read at v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname, normpath

from gitops.environments import version_tuple
from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.serving import (
    CLUSTER_STORAGE_CONTAINER,
    INFERENCE_SERVICE,
    MODE,
    Component,
    annotation,
    components,
    model,
    predictor,
)
from gitops.rules.storage import every_uri, sources, uris_of
from gitops.rules.storage_uris import fits, uri_formats
from gitops.schemas.faults import dotted

TYPES = ("s3", "hdfs", "webhdfs")
MOST_IMAGES = 10
"""Models in OCI images that KServe puts beside one server."""
_SECRET = frozenset(("access_key_id", "secret_access_key", "TLS_KEY", "KERBEROS_KEYTAB", "HEADERS"))
_NATIVE = "oci+native://"


def storage(service: Object) -> tuple[Path, Object] | None:
    """The `storage` of the predictor's model, and where it stands; None for ModelMesh, which reads it in its own way."""
    if annotation(service, MODE) == "ModelMesh":
        return None
    served = model(predictor(service))
    found = at(served.spec, "storage") if served else None
    return ((*served.path, "storage"), found) if served and isinstance(found, dict) else None


@rule("controller", INFERENCE_SERVICE, needs="storage")
def storage_type(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`storage.parameters.type` is `s3`, `hdfs` or `webhdfs`, and with `s3` there is a `bucket` beside it.

    Why: the object is admitted; the pods are not: KServe's pod webhook cannot build a URI, or the init container cannot read it. Where
    the type stands in `parameters`, the bucket of the `storage-config` Secret is not looked at.

    Fix: give the bucket in `parameters`, or leave `type` out so that both come from the Secret. For Google and Azure, use `storageUri`.

    Source: kserve `pkg/credentials/service_account_credentials.go`, CreateStorageSpecSecretEnvs.
    """
    if not (found := storage(service)):
        return
    path, spec = found
    parameters = spec.get("parameters") or {}
    kind = parameters.get("type")
    if kind and kind not in TYPES:
        yield _storage_type((*path, "parameters", "type"), "is a type that KServe does not fetch from", f"`{kind}`")
    elif kind == "s3" and not parameters.get("bucket") and spec.get("path") is not None:
        yield _storage_type((*path, "parameters", "bucket"), "is missing beside `type: s3`", "")


def _storage_type(path: Path, message: str, found: str) -> Fault:
    return Fault(
        "storage-type",
        path,
        f"`{dotted(path)}` {message}",
        found=found,
        expected=", ".join(f"`{each}`" for each in TYPES) if found else "the name of the bucket",
        why="KServe cannot make a URI of it when the pod is created, and refuses the pod; the service never becomes ready.",
        hint="for Google and Azure give a `storageUri`"
        if found
        else "add the bucket here, or drop `type` so that both come from the `storage-config` Secret",
    )


@rule("controller", INFERENCE_SERVICE, level="warning", needs="storage")
def storage_path(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`storage` has a `path`, or stands beside a `storageUri` that it gives credentials for.

    Why: without a path KServe has nothing to download; the server starts with an empty `/mnt/models`, or not at all.

    Fix: add the path of the model in its bucket.

    Source: kserve `pkg/controller/v1beta1/inferenceservice/components/component.go`, addStorageSpecAnnotations.
    """
    found = storage(service)
    if not found or found[1].get("path") is not None or any(True for _ in every_uri(predictor(service))):
        return
    path = (*found[0], "path")
    yield Fault(
        "storage-path",
        path,
        f"`{dotted(path)}` is missing",
        expected="the path of the model in its bucket",
        why="KServe downloads nothing then, and the server has no model to load.",
        hint="add `path`",
    )


@rule("controller", INFERENCE_SERVICE, level="warning", needs="storage")
def storage_parameters_public(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`storage.parameters` holds no credentials.

    Why: KServe writes the parameters in clear into the environment of the pod, and they stand in git besides.

    Fix: put credentials into the `storage-config` Secret, and name its entry in `storage.key`.

    Source: kserve `pkg/credentials/service_account_credentials.go`, CreateStorageSpecSecretEnvs.
    """
    if not (found := storage(service)):
        return
    for name in found[1].get("parameters") or {}:
        if name in _SECRET:
            path = (*found[0], "parameters", name)
            yield Fault(
                "storage-parameters-public",
                path,
                f"`{dotted(path)}` is a credential in clear",
                why="KServe writes parameters into the environment of the pod, where whoever may see pods reads them.",
                hint="put it into the `storage-config` Secret, and name the entry in `storage.key`",
                quotable=False,
            )


@rule("reference", INFERENCE_SERVICE, needs="storageContainerName")
def storage_container_fits(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The ClusterStorageContainer that `storageContainerName` names fetches these URIs.

    Why: KServe does not fall back to another one: the pod is refused, and the service never becomes ready. With `storageUris` the
    container must also support several downloads.

    Fix: name one that fits, or leave `storageContainerName` out so that KServe chooses by URI.

    Source: kserve `pkg/webhook/admission/pod/storage_initializer_injector.go`, GetStorageContainerSpecByName and
    CommonStorageInitialization. From KServe 0.20.
    """
    for component in components(service):
        name = component.spec.get("storageContainerName")
        container = cluster.objects.get(CLUSTER_STORAGE_CONTAINER, "", name) if name else None
        if container is None:
            continue
        for message in _unfit(component, container):
            path = (*component.path, "storageContainerName")
            yield Fault(
                "storage-container-fits",
                path,
                f"the ClusterStorageContainer `{name}` {message}",
                why="KServe takes no other one where one is named; it refuses the pod, and the service never becomes ready.",
                hint="name one that fits, or leave `storageContainerName` out",
            )


def _unfit(component: Component, container: Object) -> Iterator[str]:
    if any(True for _ in sources(component)) and at(container, "spec", "supportsMultiModelDownload") is not True:
        yield "does not support several downloads, as `storageUris` asks for"
    formats = uri_formats(container)
    for path, uri in every_uri(component):
        if "storageUris" not in path and not fits(uri, formats):
            yield f"does not fetch the URI at `{dotted(path)}`"


@rule("controller", INFERENCE_SERVICE, needs="storageUris")
def oci_sources(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`storageUris` has at most 10 models in OCI images, each mounted in a folder whose parent is its own.

    Why: KServe puts a container beside the server for each, and links its files through a volume at the parent of `mountPath`; two
    with one parent would hide each other. It refuses the pod, and the service never becomes ready. A cluster whose `ociModelMode` is
    `native` asks for different paths only: switch the rule off there.

    Fix: use paths such as `/mnt/models/base/model` and `/mnt/models/adapter/model`.

    Source: kserve `pkg/utils/storage.go`, ValidateOCIMountPaths and MaxOCISourcesPerPod. From KServe 0.19.
    """
    if not cluster.runs("kserve", "0.19.0"):
        return
    for component in components(service):
        images = [(path, mount) for path, uri, mount in sources(component) if uri.startswith("oci://")]
        if len(images) > MOST_IMAGES:
            yield _oci((*component.path, "storageUris"), f"has {len(images)} OCI images", f"at most {MOST_IMAGES}")
        parents: dict[str, tuple[Path, str]] = {}
        for path, mount in images:
            other = parents.setdefault(normpath(dirname(mount)), (path, mount))
            if other[0] != path:
                yield _oci((*path, "mountPath"), f"has the same parent as `{other[1]}`", "a parent folder of its own")


def _oci(path: Path, message: str, expected: str) -> Fault:
    return Fault(
        "oci-sources",
        path,
        f"`{dotted(path)}` {message}",
        expected=expected,
        why="KServe refuses to put such images beside a server when the pod is made, and the service never becomes ready.",
        hint="mount each below a folder of its own, such as `/mnt/models/base/model`",
    )


@rule("controller", INFERENCE_SERVICE, level="warning")
def image_volumes(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`oci+native://` is used where Kubernetes mounts images as volumes by default: from 1.35.

    Why: before 1.33 Kubernetes cannot mount a folder of an image, and pods fail; in 1.33 and 1.34 the feature gate `ImageVolume` is off
    unless somebody set it. KServe says so in the condition `OciImageVolumeCompatible`, which Argo CD shows as progressing for ever.

    Fix: use `oci://`, which runs everywhere, or have the gate switched on and this rule off.

    Source: kserve `pkg/controller/v1beta1/inferenceservice/controller.go`, warnIfImageVolumeUnsupported.
    """
    native = [(path, uri) for path, uri in uris_of(service) if uri.startswith(_NATIVE)]
    release = version_tuple(cluster.environment.kubernetes) if native else ()
    for path, _ in native if release < (1, 35) else ():
        lacking = "cannot mount a folder of an image" if release < (1, 33) else "mounts images behind a gate only"
        yield Fault(
            "image-volumes",
            path,
            f"Kubernetes {cluster.environment.kubernetes} {lacking}",
            found=f"`{_NATIVE}`",
            expected="Kubernetes 1.35, or 1.33 with the feature gate `ImageVolume`",
            why="the pod does not start, and the condition OciImageVolumeCompatible is False.",
            hint="use `oci://`, or have the gate switched on and this rule off",
        )
