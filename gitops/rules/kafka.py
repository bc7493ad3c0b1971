"""What the rules of Kafka have in common: the kinds, where events go, and which values come out of Secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gitops.faults import Path
from gitops.objects import Object
from gitops.rules.base import Kind, at
from gitops.rules.golang import url
from gitops.rules.once import once
from gitops.rules.patterns import pattern
from gitops.schemas.words import dotted

KAFKA_SOURCE: Kind = ("sources.knative.dev", "KafkaSource")
KAFKA_SINK: Kind = ("eventing.knative.dev", "KafkaSink")
KAFKA_CHANNEL: Kind = ("messaging.knative.dev", "KafkaChannel")
KAFKA_TOPIC: Kind = ("kafka.strimzi.io", "KafkaTopic")
KAFKA_USER: Kind = ("kafka.strimzi.io", "KafkaUser")

SASL_FIELDS = ("user", "password", "type")
TLS_FIELDS = ("cert", "key", "caCert")


class Destination(NamedTuple):
    """Where events go: a sink, or the dead letter sink. `ref` and `uri` are None where there is none."""

    path: Path
    spec: Object

    @property
    def ref(self) -> Object | None:
        """The object that the events go to."""
        found = self.spec.get("ref")
        return found if isinstance(found, dict) else None

    @property
    def uri(self) -> str | None:
        """The address, or what is put on that of `ref`."""
        found = self.spec.get("uri")
        return found if isinstance(found, str) else None


def sink(source: Object) -> Destination:
    """Where the events of a KafkaSource go; empty where it says nothing."""
    found = at(source, "spec", "sink")
    return Destination(("spec", "sink"), found if isinstance(found, dict) else {})


def dead_letter_sink(obj: Object) -> Destination | None:
    """Where the events go that nobody took."""
    found = at(obj, "spec", "delivery", "deadLetterSink")
    return Destination(("spec", "delivery", "deadLetterSink"), found) if isinstance(found, dict) else None


@once
def destinations(source: Object) -> tuple[Destination, ...]:
    """All there are."""
    letters = dead_letter_sink(source)
    return (sink(source), letters) if letters else (sink(source),)


class SecretRef(NamedTuple):
    """A value that a KafkaSource takes from a key of a Secret. `field`: such as `sasl.user`."""

    path: Path
    field: str
    name: str
    key: str
    optional: bool


def secret_refs(source: Object) -> Iterator[SecretRef]:
    """The references that the controller follows, whether SASL and TLS are enabled or not; one without a name it passes over.

    Source: eventing-kafka-broker `control-plane/pkg/security/secrets_provider_net_spec.go`.
    """
    net = at(source, "spec", "net")
    for part, fields in (("sasl", SASL_FIELDS), ("tls", TLS_FIELDS)) if net else ():
        given = net.get(part) or {}
        for field in fields if given else ():
            ref = (given.get(field) or {}).get("secretKeyRef") or {}
            if ref.get("name"):
                path = ("spec", "net", part, field, "secretKeyRef")
                optional = ref.get("optional") is True
                yield SecretRef(path, f"{part}.{field}", ref["name"], ref.get("key") or "", optional)


def has_secret(source: Object, part: str, field: str) -> bool:
    """Whether a KafkaSource says where a value of `net` comes from."""
    return bool(at(source, "spec", "net", part, field, "secretKeyRef", "name"))


def enabled(source: Object, part: str) -> bool:
    """Whether `sasl` or `tls` of a KafkaSource is on."""
    return at(source, "spec", "net", part, "enable") is True


_PEM = pattern(r"^-----BEGIN ([^-\n]+)-----\s*$.*?^-----END \1-----", re.MULTILINE | re.DOTALL)


class Complaint(NamedTuple):
    """What is wrong with a destination: the fields of a fault whose rule the judge knows."""

    path: Path
    message: str
    found: str = ""
    expected: str = ""
    hint: str = ""


def uri_complaints(to: Destination) -> Iterator[Complaint]:
    """Why Knative refuses the combination of `ref` and `uri`.

    Source: knative.dev/pkg `apis/duck/v1/destination.go` ValidateDestination.
    """
    if to.uri is None:
        if to.ref is None:
            yield _NOWHERE._replace(path=(*to.path, "ref"), message=f"{words(*to.path)} has neither `ref` nor `uri`")
        return
    parts, path = url(to.uri), (*to.path, "uri")
    if parts is None:
        return  # `event-urls-readable` tells it
    if to.ref is not None and parts.absolute:
        yield Complaint(
            path,
            f"{words(*path)} is absolute, beside a `ref`",
            to.uri if parts.host else f"{to.uri}, which is read as a URL with the scheme `{parts.scheme}`",
            "a path that begins with one slash, or no `ref`",
            f"keep only the path in `uri`, such as `{parts.path or '/v1/models/mnist:predict'}`; the host comes from `ref`",
        )
    elif to.ref is None and not (parts.absolute and parts.host):
        missing = "a host" if parts.absolute else "a scheme"
        yield Complaint(
            path,
            f"{words(*path)} has no {missing.removeprefix('a ')}",
            to.uri or "an empty text",
            "an absolute URL, or a `ref`",
            f"write {missing} as well, such as `http://mnist-predictor.models.svc.cluster.local/v1/models/mnist:predict`",
        )


_NOWHERE = Complaint(
    (),
    "",
    "nothing that says where events go",
    "`ref`, `uri`, or `ref` with a path in `uri`",
    "name the object under `ref` (apiVersion, kind, name)",
)


def ref_complaints(to: Destination) -> Iterator[Complaint]:
    """Why Knative refuses a `ref`. It looks at one only where there is no `uri`.

    Source: knative.dev/pkg `apis/duck/v1/knative_reference.go` Validate, with the feature `kreference-group` as it is shipped: off.
    """
    if to.uri is not None or to.ref is None:
        return
    path = (*to.path, "ref")
    for field in ("name", "apiVersion", "kind"):
        if not to.ref.get(field):
            message = f"{words(*path)} has no `{field}`"
            example = {"name": "mnist", "kind": "InferenceService"}.get(field, "serving.kserve.io/v1beta1")
            yield Complaint((*path, field), message, "nothing", f"such as `{example}`", f"add `{field}`")
    if group := to.ref.get("group"):
        yield Complaint(
            (*path, "group"),
            f"{words(*path)} has a `group`",
            group,
            "`apiVersion` alone",
            f"remove `group`, and write `apiVersion: {group}/<version>`",
        )


def certificate_complaints(to: Destination) -> Iterator[Complaint]:
    """Why Knative refuses `CACerts`. It does not look where there is a `ref` without a `uri`, or another fault.

    Source: knative.dev/pkg `apis/duck/v1/destination.go` validateCACerts.
    """
    given = to.spec.get("CACerts")
    if not isinstance(given, str) or to.uri is None or any(uri_complaints(to)):
        return
    if reason := _unreadable(given):
        yield Complaint(
            (*to.path, "CACerts"),
            f"{words(*to.path, 'CACerts')} {reason}",
            "",
            "PEM that begins with `-----BEGIN CERTIFICATE-----`",
            "put the PEM of the certificate authority in, as a block (`CACerts: |`) so that its lines stay apart",
        )


def _unreadable(pem: str) -> str:
    """Why the first block of PEM is no certificate; empty if it is one."""
    import ssl

    block = _PEM.search(pem)
    if block is None:
        return "is not PEM"
    if block[1] != "CERTIFICATE":
        return f"is a {block[1].lower()}, not a certificate"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=block[0])
    except (ssl.SSLError, ValueError):
        return "is PEM of something that is not a certificate"
    return ""


def words(*path: str | int) -> str:
    """A path for people, as `spec.sink.uri` in backticks."""
    return f"`{dotted(path)}`"
