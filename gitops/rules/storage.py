"""Where a model comes from: what KServe's webhook refuses, and which sources exclude each other.

Source: kserve `pkg/apis/serving/v1beta1/inference_service_validation.go` and `pkg/controller/v1beta1/inferenceservice/`, read at
v0.15.2 to v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, Inventory, at, items, rule
from gitops.rules.once import once
from gitops.rules.serving import INFERENCE_SERVICE, TRAINED_MODEL, Component, components, model, predictor, storage_uri
from gitops.schemas.faults import dotted

PVC = "pvc://"
MOUNT = "/mnt/models"
"""The `mountPath` that the CRD fills in."""


def sources(component: Component) -> Iterator[tuple[Path, str, str]]:
    """Each of `storageUris`: where it stands, its URI, and its mount path."""
    for path, source in items(component.spec, "storageUris"):
        yield (*component.path, *path), source.get("uri") or "", source.get("mountPath") or MOUNT


@once
def every_uri(component: Component) -> tuple[tuple[Path, str], ...]:
    """Every URI that a component loads from, and where it stands."""
    single = storage_uri(component)
    several = (((*path, "uri"), uri) for path, uri, _ in sources(component))
    return (*([single] if single else ()), *several)


@once
def uris_of(service: Object) -> tuple[tuple[Path, str], ...]:
    """Every URI that a service loads from, and where it stands."""
    return tuple(found for component in components(service) for found in every_uri(component))


@rule("admission", INFERENCE_SERVICE, code="KS09", needs="storageUris")
def single_storage_uri(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A component has `storageUri` or `storageUris`, not both.

    Why: KServe's webhook refuses the object, from 0.16. The variable `STORAGE_URI` of a custom container counts as `storageUri`.

    Fix: move the one URI into the list, with a `mountPath` of its own.

    Source: kserve `pkg/apis/serving/v1beta1/inference_service_validation.go`, validateMultipleStorageURIs.
    """
    if not cluster.runs("kserve", "0.16.0"):
        return
    for component in components(service):
        if component.spec.get("storageUris") is not None and (single := storage_uri(component)):
            yield Fault(
                "single-storage-uri",
                single[0],
                f"`{dotted(component.path)}` has both one storage URI and `storageUris`",
                expected="one of the two",
                why="KServe's webhook refuses a component that has both.",
                hint="move this URI into `storageUris`, with a `mountPath` of its own",
            )


@rule("admission", INFERENCE_SERVICE, code="KS11", needs="storageUris")
def mount_path(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The `mountPath` of each of `storageUris` is absolute, not `/`, and has no `..`.

    Why: KServe's webhook refuses the object.

    Fix: give a folder of its own, such as `/mnt/models/base`.

    Source: kserve `pkg/apis/serving/v1beta1/inference_service_validation.go`, validateStorageURISpec.
    """
    for component in components(service):
        for path, _, mount in sources(component):
            if mount == "/" or not mount.startswith("/") or ".." in mount:
                field = (*path, "mountPath")
                yield Fault(
                    "mount-path",
                    field,
                    f"`{dotted(field)}` is no folder that a model may be mounted at",
                    found=f"`{mount}`",
                    expected="an absolute path below `/`, without `..`",
                    why="KServe's webhook refuses any other.",
                    hint="give a folder such as `/mnt/models/base`",
                )


@rule("admission", INFERENCE_SERVICE, code="KS11", needs="storageUris")
def mount_paths_together(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Two or more downloads of `storageUris` are mounted below one folder that is not `/`, and volume claims beside them at different paths.

    Why: KServe's webhook refuses the object: all downloads share one volume, mounted at the folder that their paths have in common.
    Whether `pvc://` paths are unique is looked at only where there are two downloads as well.

    Fix: put them below one folder, such as `/mnt/models/base` and `/mnt/models/adapter`.

    Source: kserve `pkg/apis/serving/v1beta1/inference_service_validation.go`, validateMultipleStorageURIsSpec.
    """
    for component in components(service):
        found = list(sources(component))
        downloads = [mount for _, uri, mount in found if not uri.startswith(PVC)]
        if len(downloads) < 2:
            continue
        if not _common(downloads):
            yield _apart((*component.path, "storageUris"), downloads)
        for path, mount in _repeated((path, mount) for path, uri, mount in found if uri.startswith(PVC)):
            yield _repeats(
                "mount-paths-together", path, mount, "KServe's webhook refuses two volume claims at one path."
            )


def _common(mounts: list[str]) -> bool:
    """Whether paths begin with the same step. One of slashes alone begins with none."""
    return len({mount.strip("/").split("/")[0] for mount in mounts}) == 1 and all(mount.strip("/") for mount in mounts)


def _apart(path: Path, mounts: list[str]) -> Fault:
    return Fault(
        "mount-paths-together",
        path,
        f"the mount paths of `{dotted(path)}` have no folder in common",
        found=", ".join(f"`{mount}`" for mount in mounts),
        expected="paths below one folder that is not `/`",
        why="KServe mounts one volume for all downloads, at the folder they have in common, and its webhook refuses `/` for it.",
        hint="put them below one folder, such as `/mnt/models`",
    )


def _repeated(mounts: Iterator[tuple[Path, str]]) -> Iterator[tuple[Path, str]]:
    seen: set[str] = set()
    for path, mount in mounts:
        if mount in seen:
            yield path, mount
        seen.add(mount)


def _repeats(rule_id: str, path: Path, mount: str, why: str) -> Fault:
    return Fault(
        rule_id,
        (*path, "mountPath"),
        f"`{dotted((*path, 'mountPath'))}` is the path of another source too",
        found=f"`{mount}`",
        expected="a path of its own",
        why=why,
        hint="give each source a folder of its own, such as `/mnt/models/adapter`",
    )


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS11", needs="storageUris")
def mount_paths_differ(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each of `storageUris` has a `mountPath` of its own; one that gives none is at `/mnt/models`.

    Why: of two volume claims at one path only the first is mounted, and of two downloads the later overwrites files of the earlier
    that have the same name. Neither is told anywhere.

    Fix: give each source a folder of its own.

    Source: kserve `pkg/webhook/admission/pod/storage_initializer_injector.go`, CommonStorageInitialization; `pkg/utils/storage.go`,
    addVolumeMountToContainer.
    """
    for component in components(service):
        found = list(sources(component))
        judged = sum(not uri.startswith(PVC) for _, uri, _ in found) > 1
        for path, mount in _repeated((path, mount) for path, _, mount in found):
            claims = [uri for _, uri, other in found if other == mount and uri.startswith(PVC)]
            if not (judged and len(claims) > 1):
                why = "volumes at one path hide each other, and downloads overwrite files of the same name, in silence."
                yield _repeats("mount-paths-differ", path, mount, why)


@rule("controller", INFERENCE_SERVICE, code="KS09", needs="storage")
def one_storage(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A model with `storage.path` has neither `storageUri` nor `storageUris`.

    Why: KServe's webhook lets it pass. With `storageUri` the controller gives up ("must provide only one of storageUri and
    storage.path"), and the service never becomes ready; with `storageUris` the path is not loaded.

    Fix: keep the one that is meant.

    Source: kserve `pkg/controller/v1beta1/inferenceservice/components/predictor.go`, addStorageInitializerAnnotations;
    `pkg/webhook/admission/pod/storage_initializer_injector.go`, CommonStorageInitialization.
    """
    component = predictor(service)
    served = model(component)
    if not served or at(served.spec, "storage", "path") is None:
        return
    other = "storageUri" if served.spec.get("storageUri") is not None else "storageUris"
    if other == "storageUri" or component.spec.get("storageUris"):
        path = (*served.path, "storage", "path")
        failing = "the controller gives up on the service" if other == "storageUri" else "the path is not loaded"
        yield Fault(
            "one-storage",
            path,
            f"`{dotted(path)}` stands beside `{other}`",
            expected="one of the two",
            why=f"KServe loads from one of them alone: {failing}.",
            hint="keep the one that is meant, and remove the other",
        )


@rule("reference", INFERENCE_SERVICE, level="warning", code="KS09")
def model_has_storage(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A model says where it is loaded from, unless TrainedModels name its service or its server fetches it by itself.

    Why: without storage KServe takes the service for one of many models: it puts an agent beside the server that waits for
    TrainedModels, and the server starts without a model. Only the format `huggingface` is taken to fetch its model by itself;
    `vLLM` is not.

    Fix: give `storageUri`; for a model that is in the image, use a custom container; for vLLM with a Hugging Face name, `hf://…`.

    Source: kserve `pkg/controller/v1beta1/inferenceservice/utils/utils.go`, IsMMSPredictor.
    """
    component = predictor(service)
    served = model(component)
    if not served or component.spec.get("containers") or component.spec.get("storageUris"):
        return
    if served.spec.get("storageUri") is not None or served.spec.get("storage") is not None:
        return
    where = cluster.namespace(service), service["metadata"].get("name")
    if at(served.spec, "modelFormat", "name") != "huggingface" and where not in cluster.objects.index(_with_models):
        path = (*served.path, "storageUri")
        yield Fault(
            "model-has-storage",
            path,
            f"`{dotted(served.path)}` does not say where its model is",
            expected="`storageUri`, `storage` or `storageUris`",
            why="KServe then takes it for a server of many models, and puts an agent beside it that waits for TrainedModels.",
            hint="give `storageUri`, or use `containers` for an image that has its model inside",
        )


def _with_models(inventory: Inventory) -> set[tuple[str, str]]:
    """The services that a TrainedModel names."""
    models = inventory.of(TRAINED_MODEL)
    return {(namespace, at(each, "spec", "inferenceService") or "") for (namespace, _), each in models.items()}
