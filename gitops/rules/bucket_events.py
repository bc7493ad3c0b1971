"""Where the events of buckets go, and who reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops.faults import Fault
from gitops.objects import Object
from gitops.rules.base import Cluster, Inventory, at, rule
from gitops.rules.kafka import KAFKA_SOURCE
from gitops.rules.pods import containers, pods
from gitops.rules.strimzi import topics as made

# What the script of a bucket Job says before each `mc event add` (gitops/resources/bucket/minio.py).
_TOPIC = re.compile(r"^# topic (\S+), ", re.MULTILINE)


def notified(inventory: Inventory) -> frozenset[str]:
    """The topics that the Jobs of buckets send events to."""
    texts = (
        text
        for job in inventory.of(("batch", "Job")).values()
        for pod in pods(job)
        for _, container in containers(pod)
        for text in container.get("args") or ()
        if isinstance(text, str) and "mc event add" in text
    )
    return frozenset(topic for text in texts for topic in _TOPIC.findall(text))


@rule("reference", KAFKA_SOURCE, level="warning", needs="topics")
def topic_near_a_bucket_s(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaSource reads the very topic that a bucket notifies, not one that is spelled almost like it.

    Why: Kafka makes a missing topic or waits for it, the bucket's events go to the other one, and the model is never called. Nothing
    fails.

    Fix: give the source the topic of the bucket: `topics=[bucket.topic]` in a spec says it once.

    Source: eventing-kafka-broker control-plane/pkg/kafka/offset/offsets.go; minio internal/event/target/kafka.go.
    """
    if not cluster.complete or not (unread := cluster.objects.index(_unread)):
        return
    sent = cluster.objects.index(notified)
    for index, topic in enumerate(at(source, "spec", "topics") or ()):
        near = next((other for other in sorted(unread) if _is_slip(topic, other)), "") if topic not in sent else ""
        if near and not any(name == topic for *_, name in cluster.objects.index(made)):
            yield Fault(
                "topic-near-a-bucket-s",
                ("spec", "topics", index),
                f"no bucket sends events to the topic `{topic}`, but one does to `{near}`, which nothing reads",
                topic,
                near,
                "the bucket's events go to the other topic, and the source waits in silence.",
                f"did you mean `{near}`?",
            )


def _unread(inventory: Inventory) -> frozenset[str]:
    """Topics that buckets notify and no KafkaSource reads."""
    sources = inventory.of(KAFKA_SOURCE).values()
    return inventory.index(notified) - {topic for source in sources for topic in at(source, "spec", "topics") or ()}


def _is_slip(one: str, other: str) -> bool:
    """Whether two names differ by a slip of the fingers: a letter more or less, another one, or two exchanged. Digits are meant."""
    if len(one) > len(other):
        one, other = other, one
    start = next((index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    left, right = one[start:], other[start:]
    if len(one) == len(other):
        slip = left[1:] == right[1:] or (left[:2] == right[1::-1] and left[2:] == right[2:])
    else:
        slip = left == right[1:]
    return slip and not (left[:1] + right[:1]).isdigit() and not right[:1].isdigit()
