"""What happens to a request on its way: logger, batcher and timeouts.

Source: kserve `pkg/apis/serving/v1beta1/component.go`, `pkg/webhook/admission/pod/agent_injector.go`, `cmd/agent/main.go`, read at v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.scaling import extended
from gitops.rules.serving import INFERENCE_SERVICE, components, mode
from gitops.schemas.faults import dotted

LOGGED = ("all", "request", "response")
_STORED = ("path", "parameters", "key")
_PREDICTORS_ONLY = ("storage", "marshallerUrl", "batchSize", "batchInterval")


@rule("admission", INFERENCE_SERVICE, code="KS17", needs="logger")
def logger_mode(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A logger says in `mode` what it logs: `all`, `request` or `response`.

    Why: KServe's webhook refuses the object. The API's own description calls `all` the default, but nothing fills it in.

    Fix: write `mode: all`, or what is meant.

    Source: kserve `pkg/apis/serving/v1beta1/component.go`, validateLogger.
    """
    for component in extended(service):
        logger = component.spec.get("logger")
        if not isinstance(logger, dict) or logger.get("mode") in LOGGED:
            continue
        path = (*component.path, "logger", "mode")
        given = logger.get("mode")
        yield Fault(
            "logger-mode",
            path,
            f"`{dotted(path)}` is missing" if given is None else f"`{dotted(path)}` is unknown",
            found=f"`{given}`" if given is not None else "",
            expected="`all`, `request` or `response`",
            why="KServe's webhook refuses a logger without one of them; the documented default `all` is filled in by nothing.",
            hint="write `mode: all`",
            fix=Fix("set", path, "all") if given is None else None,
        )


@rule("admission", INFERENCE_SERVICE, code="KS17", needs="logger")
def logger_storage(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`logger.storage` has all of `path`, `parameters` and `key`.

    Why: KServe's webhook refuses the object: "invalid logger storage configuration". From KServe 0.16; releases before do not look.

    Fix: add what is missing.

    Source: kserve `pkg/apis/serving/v1beta1/component.go`, validateLogger.
    """
    if not cluster.runs("kserve", "0.16.0"):
        return
    for component in extended(service):
        storage = at(component.spec, "logger", "storage")
        for field in _STORED if isinstance(storage, dict) else ():
            if storage.get(field) is None:
                path = (*component.path, "logger", "storage", field)
                yield Fault(
                    "logger-storage",
                    path,
                    f"`{dotted(path)}` is missing",
                    expected="all of `path`, `parameters` and `key`",
                    why="KServe's webhook refuses a log storage that is incomplete, also where an empty value would do.",
                    hint=f"add `{field}`",
                )


@rule("controller", INFERENCE_SERVICE, needs="batcher")
def batch_size(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`batcher.maxBatchSize` and `batcher.maxLatency` are above 0.

    Why: nothing checks them before the pod runs; there the agent sidecar ends with "Invalid max batch size" or "Invalid max latency",
    again and again, and the service never becomes ready.

    Fix: give numbers above 0, or leave them out: 32 requests and 5000 milliseconds are the defaults.

    Source: kserve `cmd/agent/main.go`, startBatcher.
    """
    for component in components(service):
        for field in ("maxBatchSize", "maxLatency"):
            value = at(component.spec, "batcher", field)
            if value is not None and value <= 0 and component.name != "explainer":
                path = (*component.path, "batcher", field)
                yield Fault(
                    "batch-size",
                    path,
                    f"`{dotted(path)}` is not above 0",
                    found=str(value),
                    expected="at least 1",
                    why="the agent sidecar refuses it and ends as soon as it starts, so the service never becomes ready.",
                    hint="give a number above 0, or leave the field out for its default",
                )


@rule("controller", INFERENCE_SERVICE, level="warning", needs=("batcher", "logger"))
def handling_ignored(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Logger and batcher settings stand where KServe reads them.

    Why: the agent is told of storage, marshaller and batches of logs from the predictor's logger alone, never of `batcher.timeout`, and
    an explainer has no batcher. Such settings change nothing and say nothing.

    Fix: move log settings to `predictor.logger`, and remove the others.

    Source: kserve `pkg/webhook/admission/pod/agent_injector.go`, getLoggerConfigs;
    `pkg/controller/v1beta1/inferenceservice/components/component.go`, addBatcherAnnotations.
    """
    for component in components(service):
        batcher, logger = component.spec.get("batcher"), component.spec.get("logger") or {}
        if batcher is not None and component.name == "explainer":
            yield _ignored((*component.path, "batcher"), "an explainer is not batched", "remove it")
        elif at(batcher, "timeout") is not None:
            message = "the agent is never told of it"
            yield _ignored((*component.path, "batcher", "timeout"), message, "use `maxLatency`, in milliseconds")
        for field in _PREDICTORS_ONLY if component.name != "predictor" else ():
            if logger.get(field) is not None:
                message = "only the logger of the predictor has it"
                yield _ignored((*component.path, "logger", field), message, "move it to `spec.predictor.logger`")


def _ignored(path: Path, because: str, hint: str) -> Fault:
    return Fault(
        "handling-ignored",
        path,
        f"`{dotted(path)}` is ignored: {because}",
        why="KServe does not pass it on, so requests are handled as if it were not there.",
        hint=hint,
    )


@rule("controller", INFERENCE_SERVICE, needs="timeout")
def timeout_not_negative(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`timeout` is not negative in Standard mode; `knative-timeout` says what Knative allows.

    Why: KServe passes the seconds on unchecked, the Gateway API refuses an HTTPRoute with such a duration, and the service never
    becomes ready.

    Fix: give a number of seconds, or leave `timeout` out for the default of the cluster.

    Source: kserve `reconcilers/ingress/httproute_reconciler.go`; Gateway API, pattern of Duration.
    """
    if mode(service, cluster) != "Standard":
        return
    for component in components(service):
        value = component.spec.get("timeout")
        if value is not None and value < 0:
            path = (*component.path, "timeout")
            yield Fault(
                "timeout-not-negative",
                path,
                f"`{dotted(path)}` is negative",
                found=str(value),
                expected="a number of seconds",
                why="the Gateway API refuses the HTTPRoute that KServe's controller makes of it.",
                hint="give a number of seconds, or leave it out for the cluster's default",
            )
