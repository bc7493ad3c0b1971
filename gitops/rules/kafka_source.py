"""KafkaSource as its admission webhook judges it, all of it and no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.problems import did_you_mean
from gitops.rules.base import Cluster, at, items, rule
from gitops.rules.golang import url
from gitops.rules.kafka import (
    KAFKA_CHANNEL,
    KAFKA_SOURCE,
    Complaint,
    certificate_complaints,
    destinations,
    ref_complaints,
    sink,
    uri_complaints,
    words,
)

OFFSETS = ("earliest", "latest")
ORDERINGS = ("ordered", "unordered")
_ELSEWHERE = {
    **dict.fromkeys(("oldest", "beginning", "first", "smallest", "-2"), "earliest"),
    **dict.fromkeys(("newest", "end", "last", "largest", "-1"), "latest"),
}
"""How other tools of Kafka say it."""

_WEBHOOK = "Knative's webhook kafka-webhook-eventing refuses the KafkaSource"


@rule("admission", KAFKA_SOURCE)
def source_has_topics(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaSource names at least one topic.

    Why: the webhook refuses it with `missing field(s): spec.topics`; the schema lets an empty list pass.

    Fix: list the Kafka topics to read under `spec.topics`.

    Source: eventing-kafka-broker `control-plane/pkg/apis/sources/v1/kafka_validation.go` KafkaSourceSpec.Validate, v1beta1 alike.
    """
    if _is_empty(source, "topics"):
        yield Fault(
            "source-has-topics",
            ("spec", "topics"),
            "`spec.topics` is empty",
            found="no topic",
            expected="at least one",
            why=f"{_WEBHOOK}: missing field(s): spec.topics.",
            hint="list the topics to read",
        )


@rule("admission", KAFKA_SOURCE)
def source_has_servers(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaSource names at least one bootstrap server.

    Why: the webhook refuses it with `missing field(s): spec.bootstrapServers`; the schema lets an empty list pass.

    Fix: list the addresses of the Kafka cluster, host:port each.

    Source: eventing-kafka-broker `control-plane/pkg/apis/sources/v1/kafka_validation.go` KafkaSourceSpec.Validate, v1beta1 alike.
    """
    if _is_empty(source, "bootstrapServers"):
        kafka = cluster.environment.kafka
        known = ", ".join(f"`{server}`" for server in kafka.bootstrap_servers) if kafka else ""
        yield Fault(
            "source-has-servers",
            ("spec", "bootstrapServers"),
            "`spec.bootstrapServers` is empty",
            found="no server",
            expected="at least one, as host:port",
            why=f"{_WEBHOOK}: missing field(s): spec.bootstrapServers.",
            hint=f"this environment's are {known}" if known else "list the addresses of the Kafka cluster",
        )


def _is_empty(source: Object, field: str) -> bool:
    """An empty list, or no spec at all; a field that is missing in a spec is the schema's to tell."""
    return at(source, "spec", field) == [] or source.get("spec") is None


@rule("admission", KAFKA_SOURCE, needs="initialOffset")
def source_offset_known(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """`initialOffset` is `earliest` or `latest`.

    Why: the webhook refuses any other text, numbers and times of other Kafka tools included; the schema takes any text.

    Fix: write `earliest` to begin with the oldest record, `latest` for new ones only; it counts for a new consumer group alone.

    Source: eventing-kafka-broker `control-plane/pkg/apis/sources/v1/kafka_validation.go` KafkaSourceSpec.Validate, v1beta1 alike.
    """
    given = at(source, "spec", "initialOffset")
    if given and given not in OFFSETS:  # the webhook has made `latest` of an empty text by then
        path: Path = ("spec", "initialOffset")
        yield Fault(
            "source-offset-known",
            path,
            "`spec.initialOffset` is neither `earliest` nor `latest`",
            found=given,
            expected="`earliest` or `latest`",
            why=f"{_WEBHOOK}: invalid value: spec.initialOffset.",
            hint=f"write `{meant}`" if (meant := _ELSEWHERE.get(given.lower())) else did_you_mean(given, OFFSETS),
            fix=_respelled(path, given, OFFSETS),
        )


@rule("admission", KAFKA_SOURCE, needs="ordering")
def source_ordering_known(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """`ordering` is `ordered` or `unordered`.

    Why: the webhook refuses any other text, an empty one included; the schema takes any.

    Fix: write `ordered` to send the next record of a partition only after the one before, or `unordered`.

    Source: eventing-kafka-broker `control-plane/pkg/apis/sources/v1/kafka_validation.go` KafkaSourceSpec.Validate, v1beta1 alike.
    """
    given = at(source, "spec", "ordering")
    if given is not None and given not in ORDERINGS:
        path: Path = ("spec", "ordering")
        yield Fault(
            "source-ordering-known",
            path,
            "`spec.ordering` is neither `ordered` nor `unordered`",
            found=given or "an empty text",
            expected="`ordered` or `unordered`",
            why=f"{_WEBHOOK}: invalid value: spec.ordering.",
            hint=did_you_mean(given, ORDERINGS),
            fix=_respelled(path, given, ORDERINGS),
        )


def _respelled(path: Path, given: str, known: tuple[str, ...]) -> Fix | None:
    """The known word that differs only in capitals."""
    return next((Fix("set", path, word) for word in known if word == given.strip().lower()), None)


@rule("admission", KAFKA_SOURCE, update=True)
def consumer_group_kept(old: Object, source: Object, cluster: Cluster) -> Iterator[Fault]:
    """The consumer group of a KafkaSource stays what it was.

    Why: it is the only field that the webhook does not let change: `Immutable fields changed`. Where the source had none, the
    webhook has given it a random one, so adding one is a change as well; and an empty text is, at every apply.

    Fix: keep the group; for another one, add a KafkaSource with another name and remove this one afterwards. Removing it deletes
    the group's offsets in Kafka.

    Source: eventing-kafka-broker `control-plane/pkg/apis/sources/v1/kafka_validation.go` CheckImmutableFields; kafka_defaults.go.
    """
    before, after = at(old, "spec", "consumerGroup") or "", at(source, "spec", "consumerGroup") or ""
    anew = at(source, "spec", "consumerGroup") == ""  # the text is applied, and the webhook makes up another group
    if (before == after and not anew) or old.get("spec") is None:
        return
    yield Fault(
        "consumer-group-kept",
        ("spec", "consumerGroup"),
        "`spec.consumerGroup` changes" if before and after else f"`spec.consumerGroup` is {_turned(before, after)}",
        found=after or "none, so that the webhook would make up a new one",
        expected=before or "the random one that the webhook gave it",
        why=f"{_WEBHOOK}: Immutable fields changed.",
        hint=_way_out(before, after),
    )


def _way_out(before: str, after: str) -> str:
    if after:
        return "give the KafkaSource another name as well, and remove the old one when the new one is ready"
    return f"write `consumerGroup: {before}` again" if before else "write the group that the source has in the cluster"


def _turned(before: str, after: str) -> str:
    return "added" if after else "removed" if before else "an empty text"


@rule("admission", KAFKA_SOURCE)
def sink_given(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaSource says where its events go: `sink.ref`, `sink.uri`, or both together in a form that adds up.

    Why: the webhook refuses a sink with neither, an absolute `uri` beside a `ref`, and without a `ref` a `uri` that lacks scheme or
    host.

    Fix: name the object under `ref` and the path on it in `uri`; or give an absolute URL alone.

    Source: knative.dev/pkg `apis/duck/v1/destination.go` ValidateDestination.
    """
    for each in uri_complaints(sink(source)):
        yield _told("sink-given", each)


@rule("admission", KAFKA_SOURCE, KAFKA_CHANNEL)
def event_urls_readable(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every `uri` of a KafkaSource or KafkaChannel is a URL, or a path of one, that of a dead letter sink included.

    Why: the webhook reads URLs as it reads the object, before it judges anything: where one cannot be read (a blank or brace in the
    host, a port that is no number, a `%` without two hexadecimal digits, a colon at the beginning) it refuses the object as a whole.

    Fix: write a URL; `%` itself is written `%25`, and a placeholder such as `{{ host }}` must be filled in first.

    Source: knative.dev/pkg `apis/url.go` UnmarshalJSON; Go `net/url` Parse.
    """
    for path, given in _urls(obj):
        if isinstance(given, str) and url(given) is None:
            yield Fault(
                "event-urls-readable",
                path,
                f"{words(*path)} is not a URL",
                found=given,
                expected="such as `/v1/models/mnist:predict`, or `http://host/path`",
                why=f"Knative's webhook kafka-webhook-eventing cannot read the {obj['kind']}, and refuses it.",
                hint="escape `%` as `%25`, and leave blanks and braces out of the host",
            )


def _urls(obj: Object) -> Iterator[tuple[Path, Any]]:
    for to in destinations(obj):
        yield (*to.path, "uri"), to.uri
    for path, subscriber in items(obj, "spec", "subscribers"):
        for field in (("subscriberUri",), ("replyUri",), ("delivery", "deadLetterSink", "uri")):
            yield (*path, *field), at(subscriber, *field)


@rule("admission", KAFKA_SOURCE, needs="ref")
def sink_ref_complete(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A `sink.ref` without a `uri` has a name, an apiVersion and a kind, and no `group`.

    Why: the webhook refuses it; the schema asks for name and kind only. Beside a `uri` the webhook does not look, and the fault shows
    as condition SinkProvided later.

    Fix: write apiVersion, kind and name as the object itself has them.

    Source: knative.dev/pkg `apis/duck/v1/knative_reference.go` Validate.
    """
    for each in ref_complaints(sink(source)):
        yield _told("sink-ref-complete", each)


@rule("admission", KAFKA_SOURCE, needs="CACerts")
def sink_certificates_readable(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """`sink.CACerts` is a certificate in PEM.

    Why: the webhook reads the first block and refuses what is not a certificate. It does not look where `ref` stands without `uri`.

    Fix: paste the PEM of the certificate authority as a block, `CACerts: |`.

    Source: knative.dev/pkg `apis/duck/v1/destination.go` validateCACerts.
    """
    for each in certificate_complaints(sink(source)):
        yield _told("sink-certificates-readable", each)


def _told(rule: str, each: Complaint) -> Fault:
    return Fault(
        rule, each.path, each.message, each.found, each.expected, why=f"{_WEBHOOK} for its sink.", hint=each.hint
    )


@rule("admission", KAFKA_SOURCE, needs="extensions")
def extension_names_plain(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """Names of CloudEvents extensions under `ceOverrides` are ASCII letters and digits.

    Why: the webhook refuses hyphens, underscores and dots: `keys are expected to be alphanumeric`. CloudEvents itself asks for lower
    case as well.

    Fix: take the other characters out of the name.

    Source: knative.dev/pkg `apis/duck/v1/source_types.go` validateExtensionName.
    """
    path = ("spec", "ceOverrides", "extensions")
    for name in at(source, *path) or {}:
        if not (name.isascii() and name.isalnum()):
            plain = "".join(letter for letter in name if letter.isascii() and letter.isalnum()).lower()
            yield Fault(
                "extension-names-plain",
                (*path, name),
                f"{words(*path, name)} is no name of an extension",
                found=name or "an empty name",
                expected="ASCII letters and digits",
                why=f"{_WEBHOOK}: keys are expected to be alphanumeric.",
                hint=f"for example `{plain}`" if plain else "give it a name",
            )
