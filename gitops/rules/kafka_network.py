"""How a KafkaSource reaches Kafka: addresses, SASL and TLS, as the controller and the receiving pods will take them."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, Kind, at, rule
from gitops.rules.kafka import (
    KAFKA_SINK,
    KAFKA_SOURCE,
    SASL_FIELDS,
    TLS_FIELDS,
    enabled,
    has_secret,
    secret_refs,
    words,
)
from gitops.rules.patterns import pattern

ADDRESSED: tuple[Kind, ...] = (KAFKA_SOURCE, KAFKA_SINK)
_SERVER = pattern(r"(?:\[[0-9A-Fa-f:.]+(?:%[\w.-]+)?\]|[A-Za-z0-9._-]+):(\d{1,5})")
_UNREADY = "condition ConsumerGroup stays False"


@rule("controller", *ADDRESSED)
def servers_have_ports(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each bootstrap server is host:port, without a scheme.

    Why: the API server takes any text. The controller's Kafka client then fails with `missing port in address` or `too many colons in
    address`, and the receiving pods with `Invalid url in bootstrap.servers`: the object never becomes ready.

    Fix: add the port of the listener: 9092 is common for plain text, 9093 for TLS; remove `PLAINTEXT://` and the like.

    Source: github.com/IBM/sarama `broker.go` Open (Go's net.Dial); Apache Kafka `ClientUtils.parseAndValidateAddresses`.
    """
    for index, given in enumerate(at(obj, "spec", "bootstrapServers") or ()):
        path: Path = ("spec", "bootstrapServers", index)
        # All are joined with commas, taken apart again, and blanks left out: one text may hold several.
        for server in [part.strip() for part in given.split(",") if part.strip()] or [""]:
            if fault := _server_fault(path, server):
                yield fault


def _server_fault(path: Path, server: str) -> Fault | None:
    match = _SERVER.fullmatch(server)
    if match and 0 < int(match[1]) <= 65535:
        return None
    scheme, _, rest = server.rpartition("://")
    user, _, host = rest.partition("/")[0].partition("?")[0].rpartition("@")
    hint = f"write `{host}` alone; `spec.net` says how to connect" if scheme else "write host:port"
    if not scheme and not user and ":" not in server and server:
        hint = f"such as `{server}:9092`"
    return Fault(
        "servers-have-ports",
        path,
        f"{words(*path)} is not host:port",
        found=f"a user, a password and `{host}`" if user else server or "an empty text",
        expected="host:port, such as `kafka-bootstrap.kafka:9092`",
        why="neither Kafka client, the controller's nor that of the receiving pods, can read the address: the object never gets ready.",
        hint=hint,
    )


@rule("controller", KAFKA_SOURCE, needs="sasl")
def sasl_complete(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaSource with `net.sasl.enable` takes user and password from Secrets.

    Why: the controller needs both for PLAIN and SCRAM, and for OAUTHBEARER a token provider that a KafkaSource cannot give it; without
    them it stops with `SASL user required`, and condition ConsumerGroup is False.

    Fix: name Secret and key under `net.sasl.user.secretKeyRef` and `net.sasl.password.secretKeyRef`.

    Source: eventing-kafka-broker `control-plane/pkg/security/secret.go` saslConfig, secrets_provider_net_spec.go.
    """
    for field in ("user", "password") if enabled(source, "sasl") else ():
        if not has_secret(source, "sasl", field):
            path = ("spec", "net", "sasl", field, "secretKeyRef")
            yield Fault(
                "sasl-complete",
                path,
                f"`spec.net.sasl` is enabled without a {field}",
                found="no Secret to take it from",
                expected=words(*path),
                why=f"the controller stops with `SASL {field} required`: {_UNREADY}.",
                hint=f"name the Secret and its key, for example `{{name: kafka-login, key: {field}}}`",
            )


@rule("controller", KAFKA_SOURCE, needs="tls")
def tls_client_certificate(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaSource with TLS and without SASL has a client certificate and its key.

    Why: for TLS alone the controller takes it that Kafka asks for a client certificate; a KafkaSource has no field to say otherwise, as
    Secrets of a Broker or KafkaSink have with `user.skip`. It stops with `required user key`, and condition ConsumerGroup is False.

    Fix: name cert and key under `net.tls`, the key as PKCS #8; or enable SASL, which uses TLS without a client certificate.

    Source: eventing-kafka-broker `control-plane/pkg/security/secret.go` sslConfig.
    """
    if not enabled(source, "tls") or enabled(source, "sasl"):
        return
    for field in ("cert", "key"):
        if not has_secret(source, "tls", field):
            path = ("spec", "net", "tls", field, "secretKeyRef")
            yield Fault(
                "tls-client-certificate",
                path,
                f"`spec.net.tls` is enabled without SASL and without a client {'certificate' if field == 'cert' else 'key'}",
                found="no Secret to take it from",
                expected=words(*path),
                why=f"the controller cannot be told that Kafka asks for no client certificate: {_UNREADY}.",
                hint="name the Secret and key of a client certificate, or use a listener with SASL",
            )


@rule("controller", KAFKA_SOURCE, level="warning", needs="net")
def credentials_used(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """What is given under `net` is used: SASL and TLS are enabled where they have credentials.

    Why: without `enable: true` the source connects in plain text and without a login, although the controller still asks for the
    Secrets; with SASL, a client certificate is not sent.

    Fix: add `enable: true`, or remove the credentials.

    Source: eventing-kafka-broker `control-plane/pkg/security/secrets_provider_net_spec.go` getProtocolFromNetSpec, secret.go sslConfig.
    """
    for part, fields in (("sasl", SASL_FIELDS), ("tls", TLS_FIELDS)) if at(source, "spec", "net") else ():
        given = [field for field in fields if has_secret(source, part, field)]
        if given and not enabled(source, part):
            yield Fault(
                "credentials-used",
                ("spec", "net", part, "enable"),
                f"`spec.net.{part}` has credentials, but is not enabled",
                found=", ".join(f"`{field}`" for field in given),
                expected="`enable: true`",
                why=f"the source connects without {'a login' if part == 'sasl' else 'TLS'}.",
                hint="add `enable: true`, or remove the credentials",
            )
    if enabled(source, "tls") and enabled(source, "sasl") and has_secret(source, "tls", "cert"):
        yield Fault(
            "credentials-used",
            ("spec", "net", "tls", "cert"),
            "`spec.net.tls.cert` is not used together with SASL",
            found="TLS and SASL are both enabled",
            expected="`caCert` at most",
            why="with SASL the clients log in by user and password, and send no certificate.",
            hint="remove `cert` and `key`, or disable SASL to log in by the certificate",
        )


@rule("controller", KAFKA_SOURCE, level="warning", needs=("roleARN", "tokenProvider"))
def token_provider_kept(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaSource sets neither `net.sasl.roleARN` nor `net.sasl.tokenProvider`.

    Why: both exist in v1 alone, but objects are stored as v1beta1, so that they are gone after the write; and no controller reads them
    for a KafkaSource. Argo CD would report a difference for ever.

    Fix: log in by SCRAM or PLAIN, with user and password from a Secret.

    Source: eventing-kafka-broker `control-plane/pkg/apis/bindings/v1beta1/kafka_conversion.go`; secrets_provider_net_spec.go.
    """
    for field in ("roleARN", "tokenProvider"):
        path = ("spec", "net", "sasl", field)
        if at(source, *path) is not None:
            yield Fault(
                "token-provider-kept",
                path,
                f"{words(*path)} is lost when the object is stored",
                expected="user and password",
                why="KafkaSources are stored as v1beta1, which lacks the field, and no controller reads it.",
                hint="remove it, and log in by SCRAM or PLAIN",
            )


@rule("controller", KAFKA_SOURCE, level="warning", needs="net")
def kafka_secrets_required(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """No `secretKeyRef` of a KafkaSource is `optional`.

    Why: the controller does not read the field: it stops where Secret or key are missing, and condition ConsumerGroup is False.

    Fix: remove `optional`; remove the whole reference where the cluster has no such Secret.

    Source: eventing-kafka-broker `control-plane/pkg/security/secrets_provider_net_spec.go` resolveSecret.
    """
    for ref in secret_refs(source):
        if ref.optional:
            yield Fault(
                "kafka-secrets-required",
                (*ref.path, "optional"),
                f"{words(*ref.path, 'optional')} has no effect",
                found="true",
                expected="no `optional`",
                why=f"the controller asks for Secret and key all the same, and {_UNREADY} without them.",
                hint="remove it",
            )
