"""What the cluster writes into an InferenceService or spells anew: differences in Argo CD that never go away.

Source: kserve `pkg/apis/serving/v1beta1/inference_service_defaults.go` and `config/crd/full/`, read at v0.20.0; Argo CD compares the
lists of a custom resource item by item, whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.quantity import quantity
from gitops.rules.amounts import AMOUNT_FIELDS, given, number
from gitops.rules.base import Cluster, items, rule
from gitops.rules.ports import ports
from gitops.rules.serving import INFERENCE_SERVICE, components, containers
from gitops.schemas.faults import dotted


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS22", needs=AMOUNT_FIELDS)
def quantity_spelling(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Amounts are spelled as Kubernetes prints them: `"1"` and not 1 or `1000m`, `500m` and not `0.5`, `2Gi` and not `2048Mi`.

    Why: KServe's webhook writes them anew in that spelling. Argo CD compares text, sees a difference that no synchronisation removes, and
    shows the application as OutOfSync for ever.

    Fix: use that spelling; `gitops validate --fix` does.

    Source: k8s.io/apimachinery `pkg/api/resource/quantity.go`, CanonicalizeBytes; kserve
    `pkg/apis/serving/v1beta1/inference_service_defaults.go`.
    """
    for _, container, *amounts in given(service):
        for field, written in zip(AMOUNT_FIELDS, amounts, strict=True):
            for name, value in written.items():
                spelled = _spelled(value) if isinstance(value, str) else _respelled(value)
                if spelled != value:
                    yield _spelling((*container.path, "resources", field, name), value, spelled)


def _respelled(value: Any) -> Any:
    return quantity(value) if number(value) is not None else value


_spelled = lru_cache(1024)(_respelled)
"""Of texts: 1 and True, say, are equal, and would be taken for each other."""


def _spelling(path: Path, value: Any, spelled: str) -> Fault:
    return Fault(
        "quantity-spelling",
        path,
        f"`{dotted(path)}` will be spelled otherwise in the cluster",
        found=f"`{value}`",
        expected=f'`"{spelled}"`' if spelled.isdigit() else f"`{spelled}`",
        why="KServe's webhook writes amounts anew, and Argo CD then shows a difference that never goes away.",
        hint="use the spelling of Kubernetes",
        fix=Fix("set", path, spelled),
    )


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS23", needs="ports")
def port_protocol(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each port says its `protocol`, `TCP`.

    Why: the CRD fills it in. Argo CD compares the items of a list in a custom resource whole, sees a difference that no synchronisation
    removes, and shows the application as OutOfSync for ever.

    Fix: write `protocol: TCP`.

    Source: kserve `config/crd/full/serving.kserve.io_inferenceservices.yaml`, default of `ports[].protocol`.
    """
    for component in components(service):
        for part in containers(component):
            for path, port in ports(part):
                if port.get("protocol") is None:
                    yield _unsaid("port-protocol", (*path, "protocol"), "TCP")


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS11", needs="storageUris")
def mount_path_written(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each of `storageUris` says its `mountPath`.

    Why: the CRD fills in `/mnt/models`. Argo CD compares the items of a list in a custom resource whole, sees a difference that no
    synchronisation removes, and shows the application as OutOfSync for ever.

    Fix: write `mountPath: /mnt/models`, or the folder that is meant.

    Source: kserve `config/crd/full/serving.kserve.io_inferenceservices.yaml`, default of `storageUris[].mountPath`.
    """
    for component in components(service):
        for path, source in items(component.spec, "storageUris"):
            if source.get("mountPath") is None:
                yield _unsaid("mount-path-written", (*component.path, *path, "mountPath"), "/mnt/models")


def _unsaid(rule_id: str, path: Path, value: str) -> Fault:
    return Fault(
        rule_id,
        path,
        f"`{dotted(path)}` is left to the CRD's default",
        expected=f"`{value}`",
        why="the cluster fills it in, and Argo CD, which compares such lists whole, shows a difference that never goes away.",
        hint=f"write `{path[-1]}: {value}`",
        fix=Fix("set", path, value),
    )
