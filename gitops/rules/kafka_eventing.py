"""KafkaSink and KafkaChannel as their admission webhooks judge them."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, items, rule
from gitops.rules.golang import period
from gitops.rules.kafka import KAFKA_CHANNEL, KAFKA_SINK, words

SCOPE = "eventing.knative.dev/scope"
SINK_KEEPS = ("topic", "replicationFactor", "numPartitions")
CHANNEL_KEEPS = {"numPartitions": 1, "replicationFactor": 1, "retentionDuration": "PT168H"}
"""What never changes in a channel, and what the webhook writes where it is left out."""

_REFUSES = "Knative's webhook kafka-webhook-eventing refuses the"


@rule("admission", KAFKA_SINK)
def kafka_sink_complete(sink: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaSink names a topic and at least one bootstrap server, and the Secret if it says `auth`.

    Why: the webhook refuses empty ones, which the schema lets pass.

    Fix: write `topic`, `bootstrapServers` as host:port, and `auth.secret.ref.name`.

    Source: eventing-kafka-broker `control-plane/pkg/apis/eventing/v1alpha1/kafka_sink_validation.go` KafkaSinkSpec.Validate.
    """
    empty = {("topic",): "", ("bootstrapServers",): [], ("auth", "secret", "ref", "name"): ""}
    for field, nothing in empty.items():
        path: Path = ("spec", *field)
        if at(sink, *path) == nothing or (sink.get("spec") is None and len(field) == 1):
            yield Fault(
                "kafka-sink-complete",
                path,
                f"{words(*path)} is empty",
                found="nothing",
                expected="at least one address, as host:port" if nothing == [] else "a name",
                why=f"{_REFUSES} KafkaSink: invalid value: {'.'.join(map(str, path))}.",
                hint="write it, or remove `auth` where Kafka asks for no login" if len(field) > 1 else "write it",
            )


@rule("admission", KAFKA_SINK)
def kafka_sink_counts(sink: Object, cluster: Cluster) -> Iterator[Fault]:
    """`numPartitions` and `replicationFactor` of a KafkaSink are more than zero.

    Why: the webhook refuses zero and less. With neither, the controller takes the topic as it is and does not make it.

    Fix: write 1 or more, or leave both out where the topic is there already.

    Source: eventing-kafka-broker `control-plane/pkg/apis/eventing/v1alpha1/kafka_sink_validation.go` KafkaSinkSpec.Validate.
    """
    for field in ("numPartitions", "replicationFactor"):
        given = at(sink, "spec", field)
        if given is not None and given <= 0:
            path = ("spec", field)
            yield Fault(
                "kafka-sink-counts",
                path,
                f"{words(*path)} is not more than zero",
                found=str(given),
                expected="1 or more",
                why=f"{_REFUSES} KafkaSink: invalid value: spec.{field}.",
                hint="write 1 or more, or leave it out where the topic is there already",
            )


@rule("admission", KAFKA_SINK, update=True)
def kafka_sink_kept(old: Object, sink: Object, cluster: Cluster) -> Iterator[Fault]:
    """Topic, partitions and replication of a KafkaSink stay what they were.

    Why: the webhook refuses a change, adding or removing them included: `Immutable field updated`.

    Fix: make a KafkaSink with another name.

    Source: eventing-kafka-broker `control-plane/pkg/apis/eventing/v1alpha1/kafka_sink_validation.go` CheckImmutableFields.
    """
    for field in SINK_KEEPS:
        path = ("spec", field)
        before, after = at(old, *path), at(sink, *path)
        if before != after:
            yield Fault(
                "kafka-sink-kept",
                path,
                f"{words(*path)} changes",
                found=_value(after),
                expected=_value(before),
                why=f"{_REFUSES} KafkaSink: Immutable field updated.",
                hint="give the KafkaSink another name as well",
            )


@rule("admission", KAFKA_CHANNEL)
def kafka_channel_counts(channel: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaChannel has at least one partition and one replica, and keeps records for an ISO 8601 duration.

    Why: the webhook refuses negative numbers, and a `retentionDuration` that is negative or written as Go does (`168h`). Zero and an
    empty text it replaces by the defaults: 1, 1 and `PT168H`.

    Fix: write 1 or more, and a duration such as `PT168H`.

    Source: eventing-kafka-broker `control-plane/pkg/apis/messaging/v1beta1/kafka_channel_validation.go` KafkaChannelSpec.Validate, v1 alike.
    """
    for field in ("numPartitions", "replicationFactor"):
        given = at(channel, "spec", field)
        if given is not None and given < 0:
            yield _channel_fault(("spec", field), "is negative", str(given), "1 or more")
    given = at(channel, "spec", "retentionDuration")
    if given and ((read := period(given)) is None or read.negative):
        what = "is negative" if read else "is not an ISO 8601 duration"
        yield _channel_fault(("spec", "retentionDuration"), what, given, "such as `PT168H`")


def _channel_fault(path: Path, what: str, found: str, expected: str) -> Fault:
    return Fault(
        "kafka-channel-counts",
        path,
        f"{words(*path)} {what}",
        found=found,
        expected=expected,
        why=f"{_REFUSES} KafkaChannel: invalid value: {'.'.join(map(str, path))}.",
        hint="write it anew, or leave it out for the default",
    )


@rule("admission", KAFKA_CHANNEL)
def kafka_channel_scope_known(channel: Object, cluster: Cluster) -> Iterator[Fault]:
    """The annotation `eventing.knative.dev/scope` of a KafkaChannel is `cluster` or `namespace`.

    Why: the webhook refuses any other value.

    Fix: write one of the two, or remove the annotation.

    Source: eventing-kafka-broker `control-plane/pkg/apis/messaging/v1beta1/kafka_channel_validation.go` Validate.
    """
    path: Path = ("metadata", "annotations", SCOPE)
    given = at(channel, *path)
    if given is not None and given not in ("cluster", "namespace"):
        yield Fault(
            "kafka-channel-scope-known",
            path,
            f"the annotation `{SCOPE}` is neither `cluster` nor `namespace`",
            found=given or "an empty text",
            expected="`cluster` or `namespace`",
            why=f"{_REFUSES} KafkaChannel: expected either 'cluster' or 'namespace'.",
            hint="write one of the two, or remove it",
        )


@rule("admission", KAFKA_CHANNEL)
def kafka_channel_subscribers_reachable(channel: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each of a KafkaChannel's `subscribers` has a `subscriberUri` or a `replyUri`.

    Why: the webhook refuses one with neither: `expected at least one of, got none`. The list is the controller's to write.

    Fix: remove `subscribers`, and make a Subscription for each.

    Source: eventing-kafka-broker `control-plane/pkg/apis/messaging/v1beta1/kafka_channel_validation.go` KafkaChannelSpec.Validate.
    """
    for path, subscriber in items(channel, "spec", "subscribers"):
        if subscriber.get("replyUri") is None and subscriber.get("subscriberUri") is None:
            yield Fault(
                "kafka-channel-subscribers-reachable",
                path,
                f"{words(*path)} has neither `subscriberUri` nor `replyUri`",
                found="no address",
                expected="one of the two",
                why=f"{_REFUSES} KafkaChannel: expected at least one of, got none.",
                hint="remove `subscribers`, and make a Subscription; Knative writes the list",
            )


@rule("admission", KAFKA_CHANNEL, update=True)
def kafka_channel_kept(old: Object, channel: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaChannel keeps its partitions, replicas and retention, and its `subscribers` change through Subscriptions only.

    Why: the webhook refuses a change of the first three, `Immutable fields changed`, and of the list by anybody but Knative's
    own account.

    Fix: make a KafkaChannel with another name; leave `subscribers` out of git.

    Source: eventing-kafka-broker `control-plane/pkg/apis/messaging/v1beta1/kafka_channel_validation.go` CheckImmutableFields,
    CheckSubscribersChangeAllowed.
    """
    for field, default in CHANNEL_KEEPS.items():
        path = ("spec", field)
        before, after = at(old, *path) or default, at(channel, *path) or default
        if before != after:
            yield Fault(
                "kafka-channel-kept",
                path,
                f"{words(*path)} changes",
                found=_value(after),
                expected=_value(before),
                why=f"{_REFUSES} KafkaChannel: Immutable fields changed.",
                hint="give the KafkaChannel another name as well",
            )
    path = ("spec", "subscribers")
    if at(channel, *path) is not None and at(old, *path) != at(channel, *path):
        yield Fault(
            "kafka-channel-kept",
            path,
            "`spec.subscribers` changes",
            found="a list of its own",
            expected="the list as Knative wrote it",
            why=f"{_REFUSES} KafkaChannel: only Knative's eventing-controller may change the list.",
            hint="remove `subscribers`, and make a Subscription for each",
        )


def _value(value: object) -> str:
    return "nothing" if value is None else str(value)
