"""Namespaces that KServe's pod webhook passes over."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault
from gitops.objects import Object
from gitops.rules import serving
from gitops.rules.base import Cluster, rule
from gitops.rules.lookups import NAMESPACE

_SYSTEM = frozenset(
    (
        *("kserve", "knative-serving", "knative-eventing", "istio-system", "cert-manager"),
        *("kube-system", "kube-public", "kube-node-lease"),
    )
)
_LABEL = "control-plane"


@rule("controller", serving.INFERENCE_SERVICE, level="warning", code="KS28")
def system_namespace(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A model is in a namespace of your own, not in that of KServe, Knative, Istio, cert-manager or Kubernetes itself.

    Why: such namespaces are commonly labelled `control-plane`, and KServe's pod webhook passes over pods in one that is: nothing
    downloads the model, credentials, logger and batcher are missing, and the container ends with an error about `/mnt/models`.

    Fix: give the model a namespace of its own: `namespace` in environment.yaml.

    Source: kserve `config/webhook/manifests.yaml` namespaceSelector; website `docs/getting-started/predictive-first-isvc.md`.
    """
    namespace = cluster.namespace(obj)
    if namespace in _SYSTEM:
        yield Fault(
            "system-namespace",
            ("metadata", "namespace"),
            f"the model is in namespace `{namespace}`, which belongs to the system",
            found=namespace,
            expected="a namespace of your own",
            why="KServe's pod webhook passes over the control plane's namespaces, and nothing downloads the model.",
            hint="give models a namespace of their own",
        )


@rule("reference", serving.INFERENCE_SERVICE, code="KS28")
def webhook_sees_namespace(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The namespace of a model does not have a label with the key `control-plane`, whatever its value.

    Why: KServe's pod webhook passes over namespaces with that label: nothing downloads the model, its credentials, logger and batcher are
    missing, and the container ends with an error about `/mnt/models`. Operators often set it on the namespace that they are installed in.

    Fix: remove the label from the Namespace, or move the model.

    Source: kserve `config/webhook/manifests.yaml` namespaceSelector.
    """
    name = cluster.namespace(obj)
    namespace = cluster.objects.get(NAMESPACE, "", name)
    if namespace and _LABEL in (namespace["metadata"].get("labels") or {}):
        yield Fault(
            "webhook-sees-namespace",
            ("metadata", "namespace"),
            f"the model's namespace `{name}` has the label `{_LABEL}`",
            found=f"Namespace `{name}` with the label `{_LABEL}`",
            expected="a namespace without that label",
            why="KServe's pod webhook passes over namespaces with it, and nothing downloads the model.",
            hint=f"remove the label `{_LABEL}` from Namespace `{name}`, or put the model into another",
        )
