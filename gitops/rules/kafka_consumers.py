"""What a KafkaSource reads, as whom and how fast: nothing of it is validated when it is applied."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.problems import did_you_mean
from gitops.rules.base import Cluster, at, rule
from gitops.rules.kafka import KAFKA_SINK, KAFKA_SOURCE, KAFKA_TOPIC, words
from gitops.rules.patterns import pattern

KEY_TYPE = "kafkasources.sources.knative.dev/key-type"
KEY_TYPES = ("string", "int", "float", "byte-array")

_TOPIC = pattern(r"[A-Za-z0-9._-]{1,249}")


@rule("admission", KAFKA_SOURCE, needs="consumers")
def consumers_countable(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """`consumers` is not negative.

    Why: the CRD names it as the number of replicas of its scale subresource, and the API server refuses a negative one there, though
    neither schema nor webhook bounds it.

    Fix: write how many consumers shall read at most, at best as many as the topics have partitions; 0 pauses the source.

    Source: apiextensions-apiserver `pkg/registry/customresource/validator.go` (ValidateScaleSpec); the CRD has no minimum.
    """
    given = at(source, "spec", "consumers")
    if given is not None and given < 0:
        yield Fault(
            "consumers-countable",
            ("spec", "consumers"),
            "`spec.consumers` is negative",
            found=str(given),
            expected="0 or more",
            why="the API server refuses the object: the number is that of its scale subresource.",
            hint="write 0 to pause the source, 1 for one consumer",
        )


@rule("controller", KAFKA_SOURCE, level="warning")
def topics_once(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaSource names each topic once.

    Why: the consumers subscribe to a set, so that a second mention does nothing, and is likely a copy that should name another topic.

    Fix: remove it, or write the topic that was meant.

    Source: Apache Kafka `KafkaConsumer.subscribe`; eventing-kafka-broker does not look.
    """
    seen: set[str] = set()
    for index, topic in enumerate(at(source, "spec", "topics") or ()):
        if topic in seen:
            yield Fault(
                "topics-once",
                ("spec", "topics", index),
                f"the topic `{topic}` is listed twice",
                found=topic,
                expected="each topic once",
                why="the second mention does nothing.",
                hint="remove it, or name the topic that was meant",
            )
        seen.add(topic)


@rule("controller", KAFKA_SOURCE, KAFKA_SINK, KAFKA_TOPIC)
def topic_names_legal(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Names of topics are 1 to 249 of the characters `a-z A-Z 0-9 . _ -`, and neither `.` nor `..`.

    Why: Kafka has no topic with another name: it answers with `InvalidTopicException`, and source, sink or topic never get ready.

    Fix: write the topic as Kafka lists it. A list of topics in one text, with commas, belongs into several entries.

    Source: Apache Kafka `clients/src/main/java/org/apache/kafka/common/internals/Topic.java` validate.
    """
    for path, name in _topics(obj):
        if not _TOPIC.fullmatch(name) or name in (".", ".."):
            several = "," in name
            yield Fault(
                "topic-names-legal",
                path,
                f"{words(*path)} is no name of a Kafka topic",
                found=name if len(name) <= 60 else f"{len(name)} characters" if name else "an empty text",
                expected="1 to 249 letters, digits, dots, underscores and hyphens",
                why="Kafka cannot have such a topic: InvalidTopicException.",
                hint="write an entry for each topic" if several else "write the topic as Kafka lists it",
            )


def _topics(obj: Object) -> Iterator[tuple[Path, str]]:
    for index, topic in enumerate(at(obj, "spec", "topics") or ()):
        yield ("spec", "topics", index), topic
    for field in ("topic", "topicName"):
        given = at(obj, "spec", field)
        if given or (given is not None and field == "topicName"):  # an empty `topic` is the webhook's to refuse
            yield ("spec", field), given


@rule("controller", KAFKA_SOURCE, level="warning")
def consumer_group_written(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaSource says its consumer group.

    Why: without it the webhook makes up a random one, once and for ever. A source that is deleted and made again, or made in a second
    cluster, gets another group: with `latest` it misses what came between, with `earliest` it reads everything again. Writing the
    group later is refused, for the field cannot change.

    Fix: write `consumerGroup`, one that differs between environments which share a Kafka cluster.

    Source: eventing-kafka-broker `control-plane/pkg/apis/sources/v1/kafka_defaults.go` SetDefaults.
    """
    if isinstance(source.get("spec"), dict) and not at(source, "spec", "consumerGroup"):
        name = f"{cluster.namespace(source)}.{source['metadata'].get('name') or ''}"
        yield Fault(
            "consumer-group-written",
            ("spec", "consumerGroup"),
            "`spec.consumerGroup` is missing",
            found="none, so that the webhook makes up a random one",
            expected=f"a name, such as `{name}`",
            why="a source that is made again, or in another cluster, would get another group, and lose or repeat records.",
            hint="write it before the first apply; for a source that runs, write the group it has: "
            "`kubectl get kafkasource -o jsonpath='{.spec.consumerGroup}'`",
        )


@rule("controller", KAFKA_SOURCE, needs=KEY_TYPE)
def key_type_known(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """The label `kafkasources.sources.knative.dev/key-type` is `string`, `int`, `float` or `byte-array`.

    Why: the webhook of KafkaSource does not look at the label; that of the Consumers does, so that none is made, and condition
    ConsumerGroup is False.

    Fix: write one of the four, or remove the label for `string`.

    Source: eventing-kafka-broker `control-plane/pkg/apis/internalskafkaeventing/v1alpha1/consumer_validation.go`.
    """
    path: Path = ("metadata", "labels", KEY_TYPE)
    given = at(source, *path)
    if isinstance(given, str) and given and given not in KEY_TYPES:
        yield Fault(
            "key-type-known",
            path,
            f"the label `{KEY_TYPE}` names no type of key",
            found=given,
            expected="`string`, `int`, `float` or `byte-array`",
            why="the Consumer objects are refused: condition ConsumerGroup stays False, and nothing is read.",
            hint=did_you_mean(given, KEY_TYPES),
            fix=Fix("set", path, given.lower()) if given.lower() in KEY_TYPES else None,
        )


@rule("controller", KAFKA_SOURCE, level="warning", needs=KEY_TYPE)
def key_type_is_a_label(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """The type of record keys is a label, not an annotation.

    Why: the controller reads labels only; keys are taken for text without a word.

    Fix: move `kafkasources.sources.knative.dev/key-type` to `metadata.labels`.

    Source: eventing-kafka-broker `control-plane/pkg/reconciler/source/source.go` reconcileConsumerGroup.
    """
    path: Path = ("metadata", "annotations", KEY_TYPE)
    if at(source, *path) is not None:
        yield Fault(
            "key-type-is-a-label",
            path,
            f"`{KEY_TYPE}` stands among the annotations",
            found=str(at(source, *path)),
            expected="a label",
            why="the controller reads the label alone, and takes keys for text.",
            hint="move it to `metadata.labels`",
        )
