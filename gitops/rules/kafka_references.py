"""What a KafkaSource relies on elsewhere: its sink, its topics, and a consumer group of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from gitops.faults import Fault
from gitops.objects import Object, group_of
from gitops.problems import nearest
from gitops.rules.base import Cluster, Inventory, Kind, at, rule
from gitops.rules.kafka import KAFKA_SOURCE, KAFKA_TOPIC, Destination, destinations, words
from gitops.rules.lookups import SERVICE, likely, service_lacks
from gitops.rules.patterns import pattern
from gitops.rules.secrets_made import Where
from gitops.rules.strimzi import CLUSTER, topic_name

KNATIVE_SERVICE: Kind = ("serving.knative.dev", "Service")
_INSIDE = pattern(r"\.svc(\.cluster\.local)?(?=:)")
_STRIMZI = pattern(r"(?P<cluster>[a-z0-9.-]+)-kafka-(?:[a-z0-9]+-)?bootstrap(?:\.(?P<namespace>[a-z0-9-]+))?:\d+")


@rule("reference", KAFKA_SOURCE, needs="ref")
def sink_exists(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """The objects under `sink.ref` and `delivery.deadLetterSink.ref` are there.

    Why: Knative accepts a reference to nothing and keeps looking: condition SinkProvided (or ConsumerGroup, for the dead letter sink)
    stays False, and no record is read.

    Fix: correct kind, name or `namespace` (the source's own unless written), or state under `provides` what the cluster has already.

    Source: knative.dev/pkg `resolver/addressable_resolver.go` addressableFromDestination.
    """
    for to in destinations(source):
        kind = group_of(at(to.ref, "apiVersion") or ""), at(to.ref, "kind") or ""
        name, namespace = at(to.ref, "name") or "", at(to.ref, "namespace") or cluster.namespace(source)
        if name and kind[1] and _is_missing(cluster, kind, namespace, name):
            yield Fault(
                "sink-exists",
                (*to.path, "ref", "name"),
                f"{words(*to.path, 'ref')} names {kind[1]} `{name}`, which is not there",
                found=f"none in namespace `{namespace}`",
                expected=f"{kind[1]} of {kind[0] or 'v1'}",
                why="Knative keeps looking for it: the source is never ready, and no record is read.",
                hint=_sink_hint(cluster, to, kind, namespace, name),
            )


def _is_missing(cluster: Cluster, kind: Kind, namespace: str, name: str) -> bool:
    if kind == SERVICE:
        return service_lacks(cluster, namespace, name)
    if kind == KNATIVE_SERVICE:  # KServe makes some for its models
        plain = (namespace, name) in cluster.objects.of(SERVICE)
        return cluster.lacks(kind, namespace, name) and (plain or service_lacks(cluster, namespace, name))
    return cluster.lacks(kind, namespace, name)


def _sink_hint(cluster: Cluster, to: Destination, kind: Kind, namespace: str, name: str) -> str:
    there = cluster.objects.of(kind)
    if where := next((where for where, other in sorted(there) if other == name), None):
        return f"the {kind[1]} `{name}` is in namespace `{where}`: write `namespace: {where}` under `ref`"
    other = {SERVICE: KNATIVE_SERVICE, KNATIVE_SERVICE: SERVICE}.get(kind)
    if other and (namespace, name) in cluster.objects.of(other):
        return f"there is a Service of {other[0] or 'v1'}: write `apiVersion: {other[0] + '/' if other[0] else ''}v1`"
    if near := nearest(name, likely(name, [other for where, other in there if where == namespace])):
        return f"did you mean `{near}`?"
    return f"add it, or put `{{kind: {kind[1]}, name: {name}}}` under `provides` in environment.yaml"


@rule("reference", KAFKA_SOURCE)
def kafka_topic_exists(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """The topics of a KafkaSource are among the KafkaTopics of its Kafka cluster, where Strimzi makes its topics.

    Why: with `initialOffset: latest` the controller asks Kafka for the topic's partitions first; for a topic that is not there it
    stays not ready, without saying why. Looked at only where the objects of the environment are complete and have KafkaTopics of the
    cluster whose bootstrap Service the source names.

    Fix: correct the name, add a KafkaTopic, or state it under `provides` with kind KafkaTopic.

    Source: eventing-kafka-broker `control-plane/pkg/kafka/offset/offsets.go` InitOffsets; strimzi `<cluster>-kafka-bootstrap`.
    """
    known = _topics_of(source, cluster) if cluster.complete else None
    for index, topic in enumerate(at(source, "spec", "topics") or ()) if known else ():
        if known is not None and topic not in known and not cluster.environment.does_provide(KAFKA_TOPIC[1], topic):
            near = nearest(topic, likely(topic, sorted(known)))
            yield Fault(
                "kafka-topic-exists",
                ("spec", "topics", index),
                f"no KafkaTopic makes the topic `{topic}`",
                found=topic,
                expected="a topic that Strimzi makes for this Kafka cluster",
                why="the controller waits for the topic's partitions, and the source does not get ready.",
                hint=f"did you mean `{near}`?"
                if near
                else f"add a KafkaTopic, or put `{{kind: KafkaTopic, name: {topic}}}` under `provides` in environment.yaml",
            )


def _topics_of(source: Object, cluster: Cluster) -> frozenset[str] | None:
    """The topics of the Strimzi cluster that a source reads from; None where that is not known."""
    servers = [server for given in at(source, "spec", "bootstrapServers") or () for server in given.split(",")]
    matches = [_STRIMZI.fullmatch(_INSIDE.sub("", server)) for server in servers]
    if not matches or not matches[0]:
        return None
    namespace = matches[0]["namespace"] or cluster.namespace(source)
    return cluster.objects.index(_topics).get((namespace, matches[0]["cluster"]))


def _topics(inventory: Inventory) -> dict[Where, frozenset[str]]:
    """(namespace, Strimzi cluster) -> the topics that KafkaTopics make there."""
    found: dict[Where, set[str]] = defaultdict(set)
    for (namespace, _), obj in inventory.of(KAFKA_TOPIC).items():
        found[namespace, at(obj, "metadata", "labels", CLUSTER) or ""].add(topic_name(obj))
    return {where: frozenset(topics) for where, topics in found.items()}


class Reader(NamedTuple):
    """A KafkaSource as Kafka sees it."""

    where: Where
    servers: frozenset[str]
    topics: frozenset[str]
    sink: object


@rule("reference", KAFKA_SOURCE, needs="consumerGroup")
def consumer_group_splits_events(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """Two KafkaSources that read the same topic for different sinks have different consumer groups.

    Why: Kafka gives each partition to one member of a group: each of the two sinks gets a part of the events, and which part changes
    at every restart. Nothing tells of it.

    Fix: give each source a group of its own; then each sink gets every event.

    Source: Apache Kafka, consumer groups; eventing-kafka-broker `control-plane/pkg/reconciler/source/source.go` (group.id).
    """
    for me, other in _fellows(source, cluster):
        if (shared := sorted(me.topics & other.topics)) and me.sink != other.sink:
            yield Fault(
                "consumer-group-splits-events",
                ("spec", "consumerGroup"),
                f"KafkaSource `{'/'.join(other.where)}` reads `{shared[0]}` in the same consumer group for another sink",
                found=at(source, "spec", "consumerGroup"),
                expected="a group of its own",
                why="Kafka gives each record to one of the two: each sink gets only a part of the events.",
                hint="give one of them another `consumerGroup`, in a new KafkaSource, for the field cannot change",
            )
            return


@rule("reference", KAFKA_SOURCE, level="warning", needs="consumerGroup")
def consumer_group_own(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaSource has a consumer group that no other source of the same Kafka cluster uses.

    Why: whenever one of them starts, stops or scales, Kafka assigns the partitions of all anew, and all of them pause. When one is
    deleted, its controller tries to delete the group with the offsets of the other.

    Fix: give each source a group of its own; to read faster, raise `consumers` of one source.

    Source: Apache Kafka, consumer groups; eventing-kafka-broker `control-plane/pkg/reconciler/consumergroup/consumergroup.go` FinalizeKind.
    """
    for me, other in _fellows(source, cluster):
        if not me.topics & other.topics or me.sink == other.sink:
            yield Fault(
                "consumer-group-own",
                ("spec", "consumerGroup"),
                f"KafkaSource `{'/'.join(other.where)}` uses the same consumer group",
                found=at(source, "spec", "consumerGroup"),
                expected="a group of its own",
                why="each of them pauses whenever the other starts, stops or scales, and deleting one can delete the offsets of both.",
                hint="give each source a group of its own; to read faster, raise `consumers` of one source",
            )
            return


def _fellows(source: Object, cluster: Cluster) -> Iterator[tuple[Reader, Reader]]:
    """A source, with each of the other members of its consumer group."""
    group = at(source, "spec", "consumerGroup")
    members = cluster.objects.index(readers).get(group, ()) if group else ()
    if len(members) > 1:
        me = _reader(source, cluster)
        yield from ((me, each) for each in members if each.where != me.where and each.servers & me.servers)


def readers(inventory: Inventory) -> dict[str, list[Reader]]:
    """Consumer group -> the KafkaSources in it."""
    found: dict[str, list[Reader]] = defaultdict(list)
    for where, obj in inventory.of(KAFKA_SOURCE).items():
        if isinstance(group := at(obj, "spec", "consumerGroup"), str):
            found[group].append(_read(where, obj))
    return dict(found)


def _reader(source: Object, cluster: Cluster) -> Reader:
    return _read((cluster.namespace(source), source["metadata"].get("name") or ""), source)


def _read(where: Where, source: Object) -> Reader:
    given = at(source, "spec", "bootstrapServers")
    servers = (
        (part for each in given if isinstance(each, str) for part in each.split(",")) if isinstance(given, list) else ()
    )
    topics = at(source, "spec", "topics")
    return Reader(
        where,
        frozenset(_INSIDE.sub("", server.strip().lower()) for server in servers),
        frozenset(topic for topic in topics if isinstance(topic, str)) if isinstance(topics, list) else frozenset(),
        at(source, "spec", "sink"),
    )
