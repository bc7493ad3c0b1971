"""Canaries of an InferenceService: `spec.canary`, new predictors beside the stable one, in KServe 0.20 and later."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, items, rule
from gitops.rules.inference_service import implementations_written
from gitops.rules.service_containers import protocol_refused
from gitops.rules.serving import (
    INFERENCE_SERVICE,
    MODE,
    REFUSED,
    admitted_mode,
    annotation,
    canaries,
    implementations,
    model,
    predictor,
    storage_uri,
)
from gitops.schemas.faults import dotted

_UNSCALED = ("maxReplicas", "scaleTarget", "scaleMetric", "autoScaling")


def _has_canary(service: Object) -> bool:
    return bool(at(service, "spec", "canary"))


@rule("admission", INFERENCE_SERVICE, code="KS16", needs="canary")
def canary_in_standard_mode(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A service with `spec.canary` is deployed in Standard mode, and serves a model.

    Why: The webhook refuses canaries unless the mode after its own defaulting is Standard, and beside a stable predictor without a
    model of its own, that is one for TrainedModels or a custom server without `STORAGE_URI`.

    Fix: Set the annotation `serving.kserve.io/deploymentMode: Standard`; in Knative mode use `canaryTrafficPercent` instead. Give
    the stable predictor a `model`.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_validation.go: validateCanarySpecs, since 0.20.0.
    """
    if not _has_canary(service):
        return
    if admitted_mode(service, cluster) != "Standard":
        yield Fault(
            "canary-in-standard-mode",
            ("spec", "canary"),
            "`spec.canary` stands in a service that is not deployed in Standard mode",
            annotation(service, MODE) or "no deployment mode",
            "Standard",
            f"{REFUSED}: canaries are Deployments, which it makes in Standard mode only",
            f"set the annotation `{MODE}: Standard`, or use `canaryTrafficPercent` in Knative mode",
        )
    stable = predictor(service)
    if implementations(stable) and not model(stable) and storage_uri(stable) is None:
        yield Fault(
            "canary-in-standard-mode",
            ("spec", "canary"),
            "`spec.canary` stands beside a stable predictor without a model",
            implementations_written(stable),
            "`model`, or the variable `STORAGE_URI` in `kserve-container`",
            f"{REFUSED}: there is nothing to compare the new model with",
            "give the stable predictor a `model`",
        )


@rule("admission", INFERENCE_SERVICE, code="KS16", needs="canary")
def canary_named(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each canary's predictor has a name of its own.

    Why: The name becomes a part of the Deployment's name; the webhook refuses a missing name, one that two canaries share, and that
    of the stable predictor.

    Fix: Set `predictor.name`, for example to the version of the model.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_validation.go: validateCanarySpecs, since 0.20.0.
    """
    stable = predictor(service).spec.get("name") or ""
    seen: set[str] = set()
    for canary in canaries(service):
        name = canary.spec.get("name") or ""
        path = (*canary.path, "name")
        if not name or name in seen or name == stable:
            what = "is missing" if not name else "is the stable predictor's too" if name == stable else "is given twice"
            yield Fault(
                "canary-named",
                path,
                f"`{dotted(path)}` {what}",
                name or "no name",
                "a name that no other predictor of this service has",
                f"{REFUSED}: the canary's Deployment is called after it",
                "add a name, such as the model's version" if not name else "choose another name",
            )
        seen.add(name)


@rule("admission", INFERENCE_SERVICE, code="KS16", needs="canary")
def canary_implementation(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each canary's predictor has exactly one implementation, written in full.

    Why: The stable predictor's fields are laid under the canary's only after the webhook has looked, and the webhook judges each
    canary like a predictor: it refuses none or several, and a custom one whose `PROTOCOL` is neither `v1` nor `v2`.

    Fix: Repeat `model` in the canary, at least with `modelFormat` and `name: ""`, which the schema asks for here.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_validation.go: validateCanarySpecs; component.go:
    validateExactlyOneImplementation; predictor_custom.go: validateCustomProtocol, since 0.20.0.
    """
    for canary in canaries(service):
        found = implementations(canary)
        if len(found) != 1:
            yield Fault(
                "canary-implementation",
                found[-1].path if found else (*canary.path, "model"),
                f"`{dotted(canary.path)}` has {len(found) or 'no'} implementation{'s' if found else ''}",
                implementations_written(canary) or "nothing that serves",
                "`model` or `containers`",
                f"{REFUSED}: it judges a canary like a predictor of its own",
                "keep one of them" if found else 'repeat `model`, at least with `modelFormat` and `name: ""`',
            )
        elif found[0].name == "containers":
            for fault in protocol_refused(canary):
                yield Fault("canary-implementation", *fault)


@rule("admission", INFERENCE_SERVICE, code="KS16", needs="canary")
def canary_fields(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A canary has no workers and does not scale: it has a fixed number of replicas, at most the stable predictor's.

    Why: The webhook refuses `workerSpec`, `maxReplicas`, `scaleTarget`, `scaleMetric` and `autoScaling` in a canary, and a
    `minReplicas` above the stable predictor's, which counts as 1 where it is unset.

    Fix: Remove the field. Without `minReplicas` a canary has the traffic's share of the stable replicas, rounded up.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_validation.go: validateCanarySpecs, since 0.20.0.
    """
    least = predictor(service).spec.get("minReplicas")
    stable = 1 if least is None else least
    for canary in canaries(service):
        for field in ("workerSpec", *_UNSCALED):
            given = canary.spec.get(field)
            if given is not None and not (field == "maxReplicas" and given <= 0):
                yield _canary_field((*canary.path, field), f"`{field}`", "no such field in a canary", "remove it")
        own = canary.spec.get("minReplicas")
        if own is not None and own > stable:
            path = (*canary.path, "minReplicas")
            yield _canary_field(path, f"{own}", f"at most {stable}, the stable predictor's", "lower it, or remove it")


def _canary_field(path: Path, found: str, expected: str, hint: str) -> Fault:
    what = "is above the stable predictor's" if path[-1] == "minReplicas" else "is set"
    why = f"{REFUSED}: a canary has a fixed number of replicas on one node each"
    return Fault("canary-fields", path, f"`{dotted(path)}` {what}", found, expected, why, hint)


@rule("admission", INFERENCE_SERVICE, code="KS16", needs="canary")
def canary_traffic(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The canaries of a service get at most 100 percent of the traffic together.

    Why: The webhook refuses more; the stable predictor gets what is left.

    Fix: Lower `trafficPercent`.

    Source: kserve pkg/apis/serving/v1beta1/inference_service_validation.go: validateCanarySpecs, since 0.20.0.
    """
    shares = [(path, each.get("trafficPercent") or 0) for path, each in items(service, "spec", "canary")]
    total = sum(share for _, share in shares)
    if total > 100:
        largest = max(shares, key=lambda share: share[1])[0]
        yield Fault(
            "canary-traffic",
            (*largest, "trafficPercent"),
            f"the canaries get {total} percent of the traffic together",
            " + ".join(str(share) for _, share in shares),
            "at most 100; the stable predictor gets the rest",
            REFUSED,
            "lower `trafficPercent`",
        )


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS16", needs="canary")
def canary_gets_traffic(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A release of KServe that has canaries also sends them their share of the traffic.

    Why: 0.20 starts the pods of a canary, but no Ingress or HTTPRoute that it writes leads to them: the stable predictor gets
    all the traffic, and a comparison compares nothing.

    Fix: Upgrade to 0.21 or later with the Gateway API, or send requests to the canary's own Service.

    Source: kserve pkg/controller/v1beta1/inferenceservice/reconcilers/ingress/ at v0.20.0; the weights came with pull request 5912,
    for HTTPRoutes only.
    """
    if _has_canary(service) and not cluster.runs("kserve", "0.21.0"):
        shares = (path for path, canary in items(service, "spec", "canary") if canary.get("trafficPercent"))
        for path in itertools.islice(shares, 1):
            yield Fault(
                "canary-gets-traffic",
                (*path, "trafficPercent"),
                "this release of KServe sends no traffic to a canary",
                f"KServe {cluster.environment.crds.get('kserve')}",
                "0.21 or later, with the Gateway API",
                "the canary runs, and the stable predictor gets all requests",
                "upgrade KServe, or send requests to the canary's own Service",
            )
