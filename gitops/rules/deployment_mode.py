"""The deployment mode of an InferenceService: said, spelled as the release reads it, kept, and matched by the other fields."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.problems import nearest
from gitops.rules.base import Cluster, at, rule
from gitops.rules.service_annotations import annotations_of
from gitops.rules.serving import (
    INFERENCE_SERVICE,
    MODE,
    MODES,
    NEW_NAMES,
    REFUSED,
    admitted_mode,
    annotation,
    components,
    mode,
)
from gitops.schemas.faults import dotted

_AT: Path = ("metadata", "annotations", MODE)
_HPA = "hpa.autoscaling.knative.dev"


def spelled(name: str, cluster: Cluster) -> str:
    """A mode in the spelling of the cluster's release."""
    old: dict[str, str] = {new: old for old, new in NEW_NAMES.items()}
    return name if cluster.runs("kserve", "0.16.0") else old.get(name, name)


def _misspelt(service: Object) -> bool:
    return any(key.lower().endswith("/deploymentmode") for key in annotations_of(service))


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS03")
def deployment_mode_said(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """An InferenceService says its deployment mode.

    Why: Without the annotation the cluster's default decides. When that default changes, the webhook adds the new one at the next
    change of the service, and refuses that change, because the mode of what runs cannot change (kserve#4191).

    Fix: Add the annotation `serving.kserve.io/deploymentMode` with the mode that the service has.

    Source: kserve pkg/apis/serving/v1beta1/: DefaultInferenceService in inference_service_defaults.go and validateDeploymentMode in
    inference_service_validation.go.
    """
    if annotation(service, MODE) is None and not _misspelt(service):
        default = mode(service, cluster)
        yield Fault(
            "deployment-mode-said",
            _AT,
            f"`{MODE}` is not said",
            "no annotation",
            " or ".join(spelled(name, cluster) for name in MODES[:2]),
            "the cluster's default decides; if that ever changes, KServe refuses every change of this service",
            f'add the annotation `{MODE}: "{spelled(default, cluster)}"`, this environment\'s mode',
        )


@rule("controller", INFERENCE_SERVICE, code="KS03", needs=MODE)
def known_deployment_mode(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The deployment mode is one that the cluster's release of KServe knows.

    Why: The webhook lets any text pass. The controller then takes the cluster's default and notes it in the status, and from then
    on the webhook refuses every change, because annotation and status differ. Release 0.16 alone treats the old names so too, even
    when the service is deleted (kserve#4798).

    Fix: Write `Standard` or `Knative`; before 0.16 `RawDeployment` or `Serverless`.

    Source: kserve pkg/controller/v1beta1/inferenceservice/utils/utils.go: GetDeploymentMode; validateDeploymentMode in
    pkg/apis/serving/v1beta1/inference_service_validation.go.
    """
    given = annotation(service, MODE)
    if given is None or admitted_mode(service, cluster):
        return
    known = [spelled(name, cluster) for name in MODES]
    lower = {each.lower(): new for old, new in NEW_NAMES.items() for each in (old, new)}
    meant = spelled(lower.get(given.strip().lower(), ""), cluster)
    near = meant or nearest(given, known) or spelled(_begun(given), cluster)
    yield Fault(
        "known-deployment-mode",
        _AT,
        f"`{MODE}` is no mode that this KServe knows",
        given or "an empty string",
        ", ".join(known),
        f"the service is deployed as {mode(service, cluster)}, and every later change of it is refused",
        f"did you mean `{near}`?" if near else f"one of: {', '.join(known)}",
        fix=Fix("set", _AT, meant) if meant else None,
    )


def _begun(given: str) -> str:
    """The mode of which `given` is the beginning of a name, as in `raw`."""
    names = ((name, mode) for name, mode in (*NEW_NAMES.items(), *zip(MODES, MODES, strict=True)))
    return next((mode for name, mode in names if given and name.lower().startswith(given.lower())), "")


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS03", needs=MODE)
def old_deployment_mode(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The deployment mode has today's name.

    Why: Since 0.17 the webhook replaces `RawDeployment` and `Serverless`, so that Git and cluster never agree and Argo CD shows the
    service OutOfSync for ever.

    Fix: Write `Standard` for `RawDeployment`, and `Knative` for `Serverless`.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_defaults.go: DefaultInferenceService, since 0.17.0.
    """
    given = annotation(service, MODE) or ""
    new = NEW_NAMES.get(given, given)
    if new != given and cluster.runs("kserve", "0.17.0"):
        yield Fault(
            "old-deployment-mode",
            _AT,
            f"`{MODE}` has a name of before KServe 0.16",
            given,
            new,
            "the webhook replaces it: the cluster then differs from this for ever, and Argo CD shows OutOfSync",
            f"write `{new}`",
            fix=Fix("set", _AT, new),
        )


@rule("admission", INFERENCE_SERVICE, code="KS04", update=True)
def deployment_mode_kept(old: Object, new: Object, cluster: Cluster) -> Iterator[Fault]:
    """The deployment mode of a service that exists does not change.

    Why: The controller notes the mode in the status at its first reconcile; from then on the webhook refuses an annotation that
    differs from it. A removed annotation passes, and changes nothing.

    Fix: Keep the mode, or delete the service and create it anew; a second service under another name avoids the gap.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_validation.go: validateDeploymentMode, since 0.15.1.
    """
    given = annotation(new, MODE)
    if given is None or not cluster.runs("kserve", "0.15.1"):
        return
    status = at(old, "status", "deploymentMode") or ""
    was = spelled(NEW_NAMES.get(status, status), cluster) if status else spelled(mode(old, cluster), cluster)
    written = NEW_NAMES.get(given, given) if cluster.runs("kserve", "0.17.0") else given
    if written != was:
        yield Fault(
            "deployment-mode-kept",
            _AT,
            "the deployment mode is not that of the service that exists",
            f"{written}, and {was} until now",
            was,
            f"{REFUSED}: `deploymentMode cannot be changed`",
            f"keep `{was}`; for `{written}` delete the service and create it anew, or give it another name",
        )


@rule("admission", INFERENCE_SERVICE, code="KS15", needs="deploymentStrategy")
def strategy_in_standard_mode(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`deploymentStrategy` stands in services of Standard mode only.

    Why: Knative makes the Deployments itself. The webhook refuses the field unless the annotation says Standard, so also where the
    annotation is missing and the cluster's default is Knative.

    Fix: Remove it, or set the deployment mode `Standard`.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_validation.go: validateScalingKPACompExtension.
    """
    if admitted_mode(service, cluster) == "Standard" or annotation(service, "autoscaling.knative.dev/class") == _HPA:
        return
    for component in components(service):
        if component.spec.get("deploymentStrategy") is not None:
            path = (*component.path, "deploymentStrategy")
            yield Fault(
                "strategy-in-standard-mode",
                path,
                f"`{dotted(path)}` is set in a service that is not deployed in Standard mode",
                annotation(service, MODE) or "no deployment mode",
                spelled("Standard", cluster),
                f"{REFUSED}: Knative makes the Deployments itself",
                f"remove it, or set the annotation `{MODE}: {spelled('Standard', cluster)}`",
            )


@rule("controller", INFERENCE_SERVICE, code="KS15", needs="canaryTrafficPercent")
def canary_percent_in_knative_mode(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`canaryTrafficPercent` stands in services of Knative mode only.

    Why: Only Knative keeps the revision before. In the other modes nothing reads the field: the new version gets all the traffic
    at once (kserve#4074, kserve#5335).

    Fix: Remove it, or write a canary under `spec.canary` (KServe 0.20 and later).

    Source: kserve pkg/controller/v1beta1/inferenceservice/reconcilers/knative/ksvc_reconciler.go: createKnativeService, the only
    reader.
    """
    if mode(service, cluster) == "Knative":
        return
    for component in components(service):
        percent = component.spec.get("canaryTrafficPercent")
        if percent is not None:
            path = (*component.path, "canaryTrafficPercent")
            yield Fault(
                "canary-percent-in-knative-mode",
                path,
                f"`{dotted(path)}` is set, and nothing reads it in {mode(service, cluster)} mode",
                f"{percent}",
                "no such field, or Knative mode",
                "the new version gets all the traffic at once",
                "remove it, or write the new version under `spec.canary`",
            )
