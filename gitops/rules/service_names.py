"""Names that KServe makes of an InferenceService's: short enough, and changed only together with the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gitops.faults import Fault
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.serving import (
    GROUP,
    INFERENCE_SERVICE,
    REFUSED,
    Component,
    annotation,
    canaries,
    components,
    mode,
    predictor,
    storage_uri,
)

LONGEST = 63
"""Characters in a DNS label and in the value of a label."""


class Made(NamedTuple):
    """A name that KServe makes, and what for."""

    text: str
    use: str


@rule("controller", INFERENCE_SERVICE, code="KS02")
def service_name_length(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The name of an InferenceService is short enough for the host names, labels and Services that KServe makes of it.

    Why: Nothing refuses a long name. In Standard mode the controller then cannot make the host name (`failed creating host name`) or
    the Deployment's label, in Knative mode the Knative Service or the host of a traffic tag; the service never becomes ready
    (kserve#4807).

    Fix: Shorten the name, the namespace, or the name of the predictor. Room in Standard mode: name and namespace 52 characters
    together, the name 48; with a transformer 50 and 46; with workers 41. In Knative mode 53; with a transformer 51.

    Source: kserve pkg/controller/v1beta1/inferenceservice/reconcilers/raw/raw_kube_reconciler.go: createRawURL; ingress/domain.go;
    pkg/constants/constants.go: GetRawServiceLabel; reconcilers/knative/ksvc_reconciler.go (tags), with the domain template as shipped.
    """
    name = service["metadata"].get("name") or ""
    if not name or not _may_be_long(service, name, cluster):
        return
    longest = max(_made(service, name, cluster), key=lambda made: len(made.text), default=None)
    if longest and len(longest.text) > LONGEST:
        over = len(longest.text) - LONGEST
        yield Fault(
            "service-name-length",
            ("metadata", "name"),
            f"`metadata.name` is too long for {mode(service, cluster)} mode",
            f"{longest.text}, {len(longest.text)} characters",
            f"{longest.use} of at most {LONGEST}",
            "KServe makes it of the name and fails: the service never becomes ready",
            f"shorten the name by {over} character{'s' if over > 1 else ''}",
        )


def _may_be_long(service: Object, name: str, cluster: Cluster) -> bool:
    """False where no name that is made can be too long, which is quickly seen."""
    every = (*components(service), *canaries(service))
    own = max(len(component.spec.get("name") or "") + len(component.name) for component in every) + len("--")
    return len(name) + own + max(len(f"-{cluster.namespace(service)}"), len("isvc.-worker")) > LONGEST


def _made(service: Object, name: str, cluster: Cluster) -> Iterator[Made]:
    deployed = mode(service, cluster)
    for component in (*components(service), *(canaries(service) if deployed == "Standard" else ())):
        own = component.spec.get("name") if component.name == "predictor" else None
        whole = "-".join(part for part in (name, own, component.name) if part)
        if deployed == "Standard":
            yield from _standard(component, whole, cluster.namespace(service))
        elif deployed == "Knative":
            yield Made(whole, "a name of a Knative Service")
            yield from _tagged(service, component, whole)


def _standard(component: Component, whole: str, namespace: str) -> Iterator[Made]:
    yield Made(f"{whole}-{namespace}", "a label of a host name")
    yield Made(f"isvc.{whole}", "a value of the label `app`")
    if component.spec.get("workerSpec") is not None:
        yield Made(f"isvc.{whole}-worker", "a value of the label `app`")


def _tagged(service: Object, component: Component, whole: str) -> Iterator[Made]:
    percent = component.spec.get("canaryTrafficPercent")
    if percent is not None and percent < 100:
        yield Made(f"prev-{whole}", "a label of a traffic tag's host name")
    if annotation(service, f"{GROUP}/enable-tag-routing") == "true":
        yield Made(f"latest-{whole}", "a label of a traffic tag's host name")


@rule("admission", INFERENCE_SERVICE, update=True)
def predictor_renamed_with_model(old: Object, new: Object, cluster: Cluster) -> Iterator[Fault]:
    """A predictor gets another name only together with another model.

    Why: The name belongs to the variant that is served, so that a canary can take the stable one's place; the webhook refuses a
    new `predictor.name` while the storage URI stays the same.

    Fix: Keep the name, or change `storageUri` with it.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_validation.go: validatePredictorNameChange, since 0.20.0.
    """
    was, now = (predictor(service).spec.get("name") or "" for service in (old, new))
    if was == now or not cluster.runs("kserve", "0.20.0"):
        return
    before, after = (storage_uri(predictor(service)) for service in (old, new))
    if (before[1] if before else "") == (after[1] if after else ""):
        yield Fault(
            "predictor-renamed-with-model",
            ("spec", "predictor", "name"),
            "`spec.predictor.name` changes, and the model does not",
            f"`{now or 'no name'}`, and `{was or 'no name'}` until now",
            f"`{was}`" if was else "no name, or another `storageUri`",
            f"{REFUSED}: a name belongs to one model",
            "keep the name, or change `storageUri` with it",
        )
