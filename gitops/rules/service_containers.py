"""What may not stand in the containers of an InferenceService, and which of them is the server."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, items, rule
from gitops.rules.serving import (
    INFERENCE_SERVICE,
    MAIN_CONTAINER,
    MODE,
    REFUSED,
    TRANSFORMER_CONTAINER,
    Component,
    Part,
    annotation,
    components,
    containers,
    implementations,
    main_container,
    model,
    predictor,
    variable,
)
from gitops.schemas.faults import dotted


@rule("admission", INFERENCE_SERVICE, code="KS08", needs="containers")
def custom_protocol(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The variable `PROTOCOL` of a custom predictor's first container is `v1` or `v2`.

    Why: KServe's webhook refuses any other value, `grpc-v2` included; its message names value and choices the wrong way round.

    Fix: Set `v1` or `v2`. For gRPC leave the variable out and name the container's port `h2c` or `grpc-…`.

    Source: kserve pkg/apis/serving/v1beta1/predictor_custom.go: validateCustomProtocol.
    """
    component = predictor(service)
    if component.spec.get("containers") and [part.name for part in implementations(component)] == ["containers"]:
        for fault in protocol_refused(component):
            yield Fault("custom-protocol", *fault)


def protocol_refused(component: Component) -> Iterator[tuple[Path, str, str, str, str, str]]:
    """Pointer and words for a custom predictor whose `PROTOCOL` the webhook refuses."""
    for path, first in list(items(component.spec, "containers"))[:1]:
        entry = variable(Part((*component.path, *path), "", first), "PROTOCOL")
        value = (entry.spec.get("value") or "") if entry else "v1"
        if entry and value not in ("v1", "v2"):
            yield (
                (*entry.path, "value"),
                "the variable `PROTOCOL` has a value that KServe does not take",
                value or "nothing",
                "v1 or v2",
                f"{REFUSED}, in the words `invalid protocol v1, v2. Must be one of [{value}]`",
                "for gRPC remove the variable, and name the port `h2c` or `grpc-…`",
            )


@rule("admission", INFERENCE_SERVICE, code="KS18", needs="env")
def blocked_variable(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """No container of an InferenceService sets `PYTHONPATH`.

    Why: A path of one's own would put other code into KServe's server; since 0.18 the webhook refuses the variable in every
    container, also in initial ones and in workers.

    Fix: Install the packages in the image; a server of your own can change `sys.path` itself.

    Source: kserve pkg/validation/env_policy.go, validateBlockedEnvVars in inference_service_validation.go, since 0.18.0.
    """
    every = (part for component in components(service) for part in containers(component))
    for container in every if cluster.runs("kserve", "0.18.0") else ():
        if entry := variable(container, "PYTHONPATH"):
            yield Fault(
                "blocked-variable",
                entry.path,
                f"`{dotted(container.path)}` sets the variable `PYTHONPATH`",
                "PYTHONPATH",
                "any other variable",
                f"{REFUSED}, as other code could be put into the server",
                "remove it, and install the packages in the image",
            )


@rule("admission", INFERENCE_SERVICE, code="KS18", needs="containers")
def collocated_storage(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A transformer that runs beside the predictor has no `STORAGE_URI`.

    Why: KServe fetches a model for the predictor only; the webhook refuses the variable in `transformer-container`.

    Fix: Set `STORAGE_URI` in `kserve-container`, or `storageUri` in `model`.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_validation.go: validateCollocationStorageURI.
    """
    own = items(predictor(service).spec, "containers")
    found = next(((path, each) for path, each in own if each.get("name") == TRANSFORMER_CONTAINER), None)
    entry = variable(Part(("spec", "predictor", *found[0]), "", found[1]), "STORAGE_URI") if found else None
    if entry:
        yield Fault(
            "collocated-storage",
            entry.path,
            "`transformer-container` sets the variable `STORAGE_URI`",
            "STORAGE_URI",
            "no such variable here",
            f"{REFUSED}: the model is fetched for the predictor alone",
            "move it to `kserve-container`, or write `storageUri` in `model`",
        )


@rule("controller", INFERENCE_SERVICE, code="KS21", needs="containers")
def main_container_first(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Among several containers of a component, the first and only the first is `kserve-container`.

    Why: The controller writes the server over the first container of a custom predictor, whatever is there, so a sidecar listed first
    is lost and the pod has two containers of one name; without a `kserve-container` it finds no server at all. In a transformer or
    explainer the webhook renames the first one. The pods are refused.

    Fix: Put the server first and name it `kserve-container`; give sidecars other names.

    Source: kserve pkg/controller/v1beta1/inferenceservice/components/predictor.go: buildPredictorResources;
    transformer_custom.go and explainer_custom.go in pkg/apis/serving/v1beta1/.
    """
    for component in components(service):
        own = list(items(component.spec, "containers"))
        if len(own) < 2 or (component.name == "explainer" and component.spec.get("art")) or _serves_model(component):
            continue
        names = [container.get("name") for _, container in own]
        place = next((index for index, name in enumerate(names) if name == MAIN_CONTAINER), None)
        if place == 0 or (place is None and component.name != "predictor"):
            continue
        where = dotted((*component.path, "containers"))
        yield Fault(
            "main-container-first",
            (*component.path, "containers", place or 0, "name"),
            f"the first of `{where}` is not `{MAIN_CONTAINER}`",
            ", ".join(name or "no name" for name in names),
            f"`{MAIN_CONTAINER}` first",
            "KServe takes the first container for the server: the pod would have two of one name, or none that serves",
            f"put `{MAIN_CONTAINER}` first" if place else f"name the server `{MAIN_CONTAINER}` and put it first",
        )


def _serves_model(component: Component) -> bool:
    return component.name == "predictor" and model(component) is not None


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS21", needs="containers")
def main_container_name(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The container that serves is called `kserve-container` in Git as it will be in the cluster.

    Why: KServe's webhook gives the container this name. It stands in a list, which Argo CD compares whole, so that the service
    stays OutOfSync for ever (argo-cd#12463).

    Fix: Name the container `kserve-container`.

    Source: kserve pkg/apis/serving/v1beta1/: Default in predictor_custom.go, transformer_custom.go and explainer_custom.go.
    """
    for component in components(service):
        main = main_container(component)
        if not main:
            continue
        name = main.spec.get("name")
        taken = any(container.get("name") == MAIN_CONTAINER for _, container in items(component.spec, "containers"))
        if taken or len(implementations(component)) != 1 or annotation(service, MODE) == "ModelMesh":
            continue
        yield Fault(
            "main-container-name",
            (*main.path, "name"),
            f"`{dotted(main.path)}` is renamed to `{MAIN_CONTAINER}` by the webhook",
            name or "no name",
            MAIN_CONTAINER,
            "what is in the cluster then differs from this for ever, and Argo CD shows OutOfSync",
            f"name it `{MAIN_CONTAINER}`",
            fix=Fix("set", (*main.path, "name"), MAIN_CONTAINER),
        )
