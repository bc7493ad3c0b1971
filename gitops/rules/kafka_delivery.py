"""How a KafkaSource delivers: what no webhook looks at when it is applied, and the controller stumbles over later.

The controller copies `spec.delivery` into a ConsumerGroup of its own; only the webhook of that one judges it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Fix
from gitops.objects import Object
from gitops.problems import did_you_mean
from gitops.rules.base import Cluster, at, rule
from gitops.rules.golang import period
from gitops.rules.kafka import (
    KAFKA_SOURCE,
    Complaint,
    certificate_complaints,
    dead_letter_sink,
    ref_complaints,
    uri_complaints,
    words,
)
from gitops.rules.patterns import pattern

BACKOFF_POLICIES = ("linear", "exponential")
DURATIONS = ("backoffDelay", "timeout", "retryAfterMax")

_WHY = (
    "the source is accepted, but its ConsumerGroup is refused: condition ConsumerGroup stays False and nothing is read."
)
_GO_DURATION = pattern(r"(\d+)\s*(ms|s|sec|m|min|h)")
_TOO_FINE = pattern(r"[.,]\d+?[1-9]")


def _path(field: str) -> tuple[str, ...]:
    return ("spec", "delivery", field)


@rule("controller", KAFKA_SOURCE, needs="delivery")
def retries_countable(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """`delivery.retry` is not negative, and `delivery.backoffPolicy` is `linear` or `exponential`.

    Why: the API server accepts the KafkaSource; the ConsumerGroup that the controller makes of it is refused, so that condition
    ConsumerGroup is False and no record is read.

    Fix: write the number of retries, 0 for none, and one of the two policies.

    Source: eventing-kafka-broker `control-plane/pkg/apis/internalskafkaeventing/v1alpha1/consumer_group_validation.go`;
    knative/eventing `pkg/apis/duck/v1/delivery_types.go` DeliverySpec.Validate.
    """
    delivery = at(source, "spec", "delivery") or {}
    retry, policy = delivery.get("retry"), delivery.get("backoffPolicy")
    if retry is not None and retry < 0:
        yield Fault(
            "retries-countable",
            _path("retry"),
            "`spec.delivery.retry` is negative",
            found=str(retry),
            expected="0 or more",
            why=_WHY,
            hint="write 0 for no retries",
        )
    if policy is not None and policy not in BACKOFF_POLICIES:
        yield Fault(
            "retries-countable",
            _path("backoffPolicy"),
            "`spec.delivery.backoffPolicy` is neither `linear` nor `exponential`",
            found=policy or "an empty text",
            expected="`linear` or `exponential`",
            why=_WHY,
            hint=did_you_mean(policy, BACKOFF_POLICIES),
            fix=Fix("set", _path("backoffPolicy"), policy.lower()) if policy.lower() in BACKOFF_POLICIES else None,
        )


@rule("controller", KAFKA_SOURCE, needs="delivery")
def delivery_durations_readable(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """Durations under `delivery` are ISO 8601, such as `PT0.3S`; the timeout is not zero, and no number exceeds 3276.

    Why: a duration as Go writes it (`300ms`, `10s`) or a timeout of zero has the ConsumerGroup refused. Where one number is above
    3276, the controller reads the duration a second time with a narrower reader and fails with an integer overflow. Both show as
    condition ConsumerGroup False.

    Fix: write `PT10S` for ten seconds, `PT5M` for five minutes, and a larger unit where the number is large: `PT1H30M`.

    Source: knative/eventing `pkg/apis/duck/v1/delivery_types.go` DeliverySpec.Validate; eventing-kafka-broker
    `control-plane/pkg/core/config/utils.go` DurationMillisFromISO8601String; github.com/rickb777/date v1.14.1 `period/parse.go`.
    """
    delivery = at(source, "spec", "delivery")
    for field in DURATIONS if delivery else ():
        given = delivery.get(field)
        if given is None:
            continue
        read, told = period(given), words(*_path(field))
        if read is None:
            fix = _iso(field, given)
            yield Fault(
                "delivery-durations-readable",
                _path(field),
                f"{told} is not an ISO 8601 duration",
                found=given or "an empty text",
                expected="such as `PT0.3S` or `PT10M`",
                why=_WHY,
                hint=f"write `{fix.value}`" if fix else "`PT`, then hours, minutes and seconds, each with its letter",
                fix=fix,
            )
        elif (field == "timeout" and read.zero) or (field == "retryAfterMax" and read.negative):
            yield Fault(
                "delivery-durations-readable",
                _path(field),
                f"{told} is {'zero' if read.zero else 'negative'}",
                found=given,
                expected="more than zero" if read.zero else "zero or more",
                why=_WHY,
                hint="leave it out for the default of ten minutes"
                if read.zero
                else "write `PT0S` to pass over Retry-After",
            )
        elif read.overflows and field != "retryAfterMax":
            yield Fault(
                "delivery-durations-readable",
                _path(field),
                f"{told} has a number above 3276",
                found=given,
                expected="each number at most 3276",
                why="the controller counts tenths in 16 bits: it stops with `integer overflow`, and condition ConsumerGroup is False.",
                hint="use a larger unit, such as `PT1H30M` in place of `PT5400S`",
            )


def _iso(field: str, given: str) -> Fix | None:
    """What a duration in Go's notation can only mean."""
    match = _GO_DURATION.fullmatch(given.strip())
    number = int(match[1]) if match else 0
    if match is None or not number or (match[2] == "ms" and number % 100):
        return None
    written = f"{number / 1000:g}S" if match[2] == "ms" else f"{number}{match[2][0].upper()}"
    return Fix("set", _path(field), f"PT{written}")


@rule("controller", KAFKA_SOURCE, level="warning", needs="delivery")
def delivery_durations_exact(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """Durations under `delivery` have at most one decimal.

    Why: Knative counts in tenths and drops the rest without a word: `PT0.25S` is 0.2 seconds, and `PT0.05S` is none at all, so that
    retries follow each other at once.

    Fix: round to tenths of a second.

    Source: github.com/rickb777/date v1.14.1 `period/parse.go` parseDecimalNumber.
    """
    delivery = at(source, "spec", "delivery")
    for field in DURATIONS if delivery else ():
        given = delivery.get(field) or ""
        if _TOO_FINE.search(given) and period(given):
            yield Fault(
                "delivery-durations-exact",
                _path(field),
                f"{words(*_path(field))} has more than one decimal",
                found=given,
                expected="tenths at most",
                why="Knative reads the first decimal only, and drops the others without a word.",
                hint="round it to tenths",
            )


@rule("controller", KAFKA_SOURCE, level="warning", needs="retryAfterMax")
def retry_after_enabled(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """`delivery.retryAfterMax` is for clusters with Knative's feature `delivery-retryafter`, which is off as shipped.

    Why: with the feature off, the ConsumerGroup is refused: `must not set the field(s)`, and condition ConsumerGroup is False.

    Fix: leave it out, or set `delivery-retryafter: enabled` in ConfigMap config-features of knative-eventing, and set this rule to
    `off` in the environment.

    Source: knative/eventing `pkg/apis/duck/v1/delivery_types.go`, `config/core/configmaps/features.yaml`.
    """
    if at(source, *_path("retryAfterMax")) is not None:
        yield Fault(
            "retry-after-enabled",
            _path("retryAfterMax"),
            "`spec.delivery.retryAfterMax` needs a feature that is off unless somebody turned it on",
            found=at(source, *_path("retryAfterMax")),
            expected="`delivery-retryafter: enabled` in ConfigMap knative-eventing/config-features",
            why="without the feature the ConsumerGroup is refused, and nothing is read.",
            hint="leave the field out, or turn the feature on and this rule off",
        )


@rule("controller", KAFKA_SOURCE, level="warning", needs="delivery")
def delivery_says_retries(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A `delivery` block says how often to retry.

    Why: without the block, the controller retries 10 times; with one, it fills in nothing. Without `retry` there are no retries at all:
    an event that the model refuses once is lost, or goes to the dead letter sink at once; `backoffPolicy` and `backoffDelay` have no effect.

    Fix: write `retry` (10 is what it would be without the block), with backoffPolicy, backoffDelay and timeout beside it; or remove the block.

    Source: eventing-kafka-broker `control-plane/pkg/reconciler/source/source.go` reconcileConsumerGroup,
    `control-plane/pkg/core/config/utils.go` EgressConfigFromDelivery.
    """
    delivery = at(source, "spec", "delivery")
    if isinstance(delivery, dict) and delivery.get("retry") is None:
        given = ", ".join(f"`{field}`" for field in delivery)
        yield Fault(
            "delivery-says-retries",
            _path("retry"),
            "`spec.delivery` has no `retry`, which switches retries off",
            found=given or "an empty block",
            expected="`retry`, as in `retry: 10`",
            why="the controller's default of 10 retries holds only where there is no `delivery` at all.",
            hint="add `retry: 10`, `backoffPolicy: exponential`, `backoffDelay: PT0.3S` and `timeout: PT600S`, or remove the block",
        )


@rule("controller", KAFKA_SOURCE, needs="deadLetterSink")
def dead_letter_sink_given(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """`delivery.deadLetterSink` says where to as a sink does: a whole `ref`, an absolute `uri`, or a `ref` with a path.

    Why: the webhook of KafkaSource does not look at it; that of the ConsumerGroup does, so that condition ConsumerGroup is False and
    no record is read, even if no event would ever fail.

    Fix: write it like `sink`.

    Source: eventing-kafka-broker `control-plane/pkg/apis/internalskafkaeventing/v1alpha1/consumer_group_validation.go`;
    knative.dev/pkg `apis/duck/v1/destination.go` ValidateDestination.
    """
    to = dead_letter_sink(source)
    for judge in (uri_complaints, ref_complaints, certificate_complaints) if to else ():
        for each in judge(to) if to else ():
            yield _told(each)


def _told(each: Complaint) -> Fault:
    return Fault("dead-letter-sink-given", each.path, each.message, each.found, each.expected, why=_WHY, hint=each.hint)
