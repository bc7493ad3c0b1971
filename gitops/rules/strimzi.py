"""KafkaTopic and KafkaUser as Strimzi's operators take them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, Inventory, at, items, rule
from gitops.rules.kafka import KAFKA_TOPIC, KAFKA_USER, words

CLUSTER = "strimzi.io/cluster"
MANAGED = "strimzi.io/managed"


@rule("controller", KAFKA_TOPIC, KAFKA_USER)
def strimzi_cluster_named(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaTopic or KafkaUser has the label `strimzi.io/cluster`.

    Why: the operators watch only objects with the label of their Kafka cluster. Without it nothing happens: no topic, no user, no
    status and no event.

    Fix: add the label, with the name of the Kafka object.

    Source: strimzi-kafka-operator `cluster-operator/.../EntityTopicOperator.java` (STRIMZI_RESOURCE_LABELS), `TopicOperatorConfig.java`.
    """
    path: Path = ("metadata", "labels", CLUSTER)
    if not at(obj, *path):
        yield Fault(
            "strimzi-cluster-named",
            path,
            f"the label `{CLUSTER}` is missing",
            found="no label by which an operator would find it",
            expected=f"`{CLUSTER}: <name of the Kafka object>`",
            why=f"Strimzi's operators see labelled objects only: the {obj['kind']} would stay without any status.",
            hint="add the label",
        )


@rule("controller", KAFKA_TOPIC, update=True)
def topic_kept(old: Object, topic: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaTopic keeps its name in Kafka, and never has fewer partitions than before.

    Why: Kafka can neither rename a topic nor take partitions away. The API server accepts the change; the operator answers with
    NotSupported, and condition Ready is False.

    Fix: make a KafkaTopic with another name, and move the readers to it.

    Source: strimzi-kafka-operator `topic-operator/.../BatchingTopicController.java` partitionChanges, validateUnchangedTopicName.
    """
    before, after = topic_name(old), topic_name(topic)
    if before != after:
        yield _not_supported(("spec", "topicName"), "changes", after, before)
    had, has = at(old, "spec", "partitions"), at(topic, "spec", "partitions")
    if isinstance(had, int) and isinstance(has, int) and has < had:
        yield _not_supported(("spec", "partitions"), "becomes less", str(has), f"{had} or more")


def _not_supported(path: Path, what: str, found: str, expected: str) -> Fault:
    return Fault(
        "topic-kept",
        path,
        f"{words(*path)} {what}",
        found=found,
        expected=expected,
        why="Kafka cannot do that: the operator answers NotSupported, and condition Ready is False.",
        hint="make a KafkaTopic with another name, and move the readers to it",
    )


@rule("controller", KAFKA_TOPIC, level="warning")
def topic_replicas_suffice(topic: Object, cluster: Cluster) -> Iterator[Fault]:
    """`min.insync.replicas` of a KafkaTopic is not above its `replicas`.

    Why: writers that wait for all replicas, as most do, never get their answer: NotEnoughReplicasException. With both equal, one
    broker that restarts stops them.

    Fix: lower `min.insync.replicas` below `replicas`, or have more replicas.

    Source: Apache Kafka, topic configuration `min.insync.replicas`.
    """
    replicas, least = at(topic, "spec", "replicas"), at(topic, "spec", "config", "min.insync.replicas")
    least = int(least) if isinstance(least, str) and least.isdecimal() else least
    if isinstance(replicas, int) and isinstance(least, int) and least > replicas > 0:
        path: Path = ("spec", "config", "min.insync.replicas")
        yield Fault(
            "topic-replicas-suffice",
            path,
            "`min.insync.replicas` is above `spec.replicas`",
            found=f"{least}, with {replicas} replica{'s' if replicas > 1 else ''}",
            expected=f"at most {replicas}",
            why="writers that wait for all replicas fail with NotEnoughReplicasException.",
            hint="lower it, or have more replicas",
        )


@rule("controller", KAFKA_USER)
def user_rules_named(user: Object, cluster: Cluster) -> Iterator[Fault]:
    """An access rule of a KafkaUser for a topic, group or transactional id says which.

    Why: the operator cannot make a rule of Kafka out of one without a name: the user's condition Ready is False, and none of its
    rules is applied.

    Fix: write `name`, or `*` for all.

    Source: strimzi-kafka-operator `user-operator/.../model/acl/SimpleAclRuleResource.java` toKafkaResourcePattern.
    """
    for path, acl in items(user, "spec", "authorization", "acls"):
        kind = at(acl, "resource", "type")
        if kind in ("topic", "group", "transactionalId") and not at(acl, "resource", "name"):
            yield Fault(
                "user-rules-named",
                (*path, "resource", "name"),
                f"{words(*path)} does not say which {kind}",
                found="no name",
                expected="the name, a prefix with `patternType: prefix`, or `*`",
                why="the operator refuses the whole KafkaUser: condition Ready is False.",
                hint="add `name`",
            )


@rule("reference", KAFKA_TOPIC)
def topic_made_once(topic: Object, cluster: Cluster) -> Iterator[Fault]:
    """No two KafkaTopics of one Kafka cluster make the same topic.

    Why: the operator manages the topic for the older object only; the other gets condition Ready False, ResourceConflict.

    Fix: remove one, or give it another `spec.topicName`.

    Source: strimzi-kafka-operator `topic-operator/.../BatchingTopicController.java` validateSingleManagingResource.
    """
    of = at(topic, "metadata", "labels", CLUSTER) or ""
    mine = (cluster.namespace(topic), topic["metadata"].get("name") or "")
    others = [
        where for where in cluster.objects.index(topics).get((mine[0], of, topic_name(topic)), []) if where != mine
    ]
    if of and others and is_managed(topic):
        yield Fault(
            "topic-made-once",
            ("spec", "topicName") if at(topic, "spec", "topicName") else ("metadata", "name"),
            f"the topic `{topic_name(topic)}` is made by two KafkaTopics",
            found=f"`{others[0][1]}` as well",
            expected="one KafkaTopic for each topic",
            why="Strimzi manages it for one of them; the other is never ready: ResourceConflict.",
            hint="remove one of them",
        )


def topics(inventory: Inventory) -> dict[tuple[str, str, str], list[tuple[str, str]]]:
    """(namespace, Kafka cluster, topic) -> the KafkaTopics that make it."""
    found: dict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for where, obj in inventory.of(KAFKA_TOPIC).items():
        if is_managed(obj):
            found[where[0], at(obj, "metadata", "labels", CLUSTER) or "", topic_name(obj)].append(where)
    return dict(found)


def topic_name(topic: Object) -> str:
    """The name of a KafkaTopic's topic in Kafka."""
    given = at(topic, "spec", "topicName") or topic["metadata"].get("name")
    return given if isinstance(given, str) else ""


def is_managed(topic: Object) -> bool:
    """Whether the operator looks after it."""
    return bool(at(topic, "metadata", "annotations", MANAGED) != "false")
