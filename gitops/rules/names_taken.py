"""Names that KServe gives to what it makes of an InferenceService, and that something else may have already.

Source: kserve `pkg/controller/v1beta1/inferenceservice/reconcilers/` (ingress, service, deployment), read at v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault
from gitops.objects import Object
from gitops.rules.base import Cluster, Kind, rule
from gitops.rules.serving import INFERENCE_GRAPH, INFERENCE_SERVICE, components, mode

_SERVICE: Kind = ("", "Service")
_KNATIVE: Kind = ("serving.knative.dev", "Service")
_ROUTES: dict[str, tuple[Kind, ...]] = {
    "Knative": (_SERVICE, ("networking.istio.io", "VirtualService")),
    "Standard": (("networking.k8s.io", "Ingress"), ("gateway.networking.k8s.io", "HTTPRoute")),
}
"""Mode -> what KServe calls like the InferenceService."""
_WORKLOADS: dict[str, tuple[Kind, ...]] = {
    "Knative": (_KNATIVE, _SERVICE),
    "Standard": (("apps", "Deployment"), _SERVICE, ("autoscaling", "HorizontalPodAutoscaler")),
}
"""Mode -> what it calls like the InferenceService and the component: `iris-predictor`."""


def made(service: Object, cluster: Cluster) -> Iterator[tuple[Kind, str]]:
    """Kind and name of what KServe makes of a service, in the service's namespace."""
    name, where = service["metadata"].get("name") or "", mode(service, cluster)
    yield from ((kind, name) for kind in _ROUTES.get(where, ()))
    for component in components(service):
        own = f"{component.spec.get('name')}-" if component.spec.get("name") else ""
        yield from ((kind, f"{name}-{own}{component.name}") for kind in _WORKLOADS.get(where, ()))


@rule("reference", INFERENCE_SERVICE, level="warning", code="KS33")
def name_taken(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Nothing in the namespace has a name that KServe gives to what it makes of the InferenceService.

    Why: KServe makes a Service or Ingress with the name of the InferenceService, and workloads called `<name>-predictor`. It updates what
    is there by that name, whoever made it: two owners overwrite each other for ever, and one of them does not work. An InferenceGraph makes
    objects of its own name too.

    Fix: rename one of the two.

    Source: kserve `reconcilers/ingress/ingress_reconciler.go`, reconcileExternalService; `reconcilers/service/service_reconciler.go`,
    Reconcile; `pkg/controller/v1alpha1/inferencegraph/`.
    """
    name, namespace = service["metadata"].get("name") or "", cluster.namespace(service)
    for kind, taken in ((INFERENCE_GRAPH, name), *made(service, cluster)):
        if cluster.objects.get(kind, namespace, taken) is not None:
            also = (
                "makes objects of that name too"
                if kind == INFERENCE_GRAPH
                else "has the name of one that KServe will make"
            )
            yield Fault(
                "name-taken",
                ("metadata", "name"),
                f"the {kind[1]} `{taken}` in the same namespace {also}",
                found=f"`{name}`",
                why="each of them overwrites what the other has made, and one of the two does not work.",
                hint=f"rename the InferenceService or the {kind[1]}",
            )
