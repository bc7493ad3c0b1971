"""Secrets that a KafkaSource or KafkaSink logs in with: there, with the keys that are read, and a mechanism that works."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from gitops.faults import Fault
from gitops.objects import Object
from gitops.problems import nearest
from gitops.rules.base import Cluster, at, rule
from gitops.rules.kafka import KAFKA_SINK, KAFKA_SOURCE, SecretRef, secret_refs, words
from gitops.rules.lookups import hint, secret, secret_lacks
from gitops.rules.secrets_made import SECRET

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
"""What a KafkaSource can log in with. OAUTHBEARER needs a token provider, which it cannot give."""

SINK_KEY = "protocol"
"""The key without which the Secret of a KafkaSink is of no use."""


def _refs(obj: Object) -> Iterator[SecretRef]:
    yield from secret_refs(obj)
    path = ("spec", "auth", "secret", "ref")
    if obj["kind"] == KAFKA_SINK[1] and (name := at(obj, *path, "name")):
        yield SecretRef(path, "auth", name, SINK_KEY, False)


@rule("reference", KAFKA_SOURCE, KAFKA_SINK, needs=("net", "auth"))
def kafka_secret_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each Secret that a KafkaSource or KafkaSink names is there, in its own namespace.

    Why: the controller asks for all of them, `optional: true` or not, SASL and TLS enabled or not; without one it stops with `failed to
    read secret`, and the object never gets ready.

    Fix: make the Secret in this namespace (Strimzi makes those of a KafkaUser beside Kafka: copy them), or correct the name.

    Source: eventing-kafka-broker `control-plane/pkg/security/secrets_provider_net_spec.go` resolveSecret.
    """
    namespace = cluster.namespace(obj)
    for ref in {ref.name: ref for ref in reversed([*_refs(obj)])}.values():  # the first place of each Secret
        if secret_lacks(cluster, namespace, ref.name):
            yield Fault(
                "kafka-secret-exists",
                (*ref.path, "name"),
                f"{words(*ref.path, 'name')} names a Secret that is not there",
                found=ref.name,
                expected=f"a Secret in namespace `{namespace}`",
                why="the controller stops with `failed to read secret`, and the object never gets ready.",
                hint=hint(cluster, SECRET, namespace, ref.name),
            )


@rule("reference", KAFKA_SOURCE, KAFKA_SINK, needs=("net", "auth"))
def kafka_secret_has_key(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each Secret that a KafkaSource or KafkaSink logs in with has the key that is read, with a value.

    Why: the controller stops with `missing secret key or empty secret value`, and the object never gets ready. A KafkaSource takes user,
    password and mechanism from keys that it names, a KafkaSink from keys with fixed names, of which `protocol` must be there.

    Fix: add the key to whatever makes the Secret, or name the key that it has. Secrets of Strimzi's KafkaUsers have neither a user nor a
    mechanism: both need a Secret of their own.

    Source: eventing-kafka-broker `control-plane/pkg/security/secrets_provider_net_spec.go` resolveSecret, secret.go secretData.
    """
    for ref in _refs(obj):
        made = secret(cluster, cluster.namespace(obj), ref.name)
        if made is None or not (made.lacks(ref.key) or ref.key in made.empty):
            continue
        path = (*ref.path, "name" if ref.field == "auth" else "key")
        keys = sorted(made.keys or ())
        near = nearest(ref.key, keys) if made.lacks(ref.key) else ""
        yield Fault(
            "kafka-secret-has-key",
            path,
            f"the Secret `{ref.name}` has {'no' if made.lacks(ref.key) else 'an empty'} key `{ref.key}`",
            found=f"keys: {', '.join(keys[:8])}" if keys else "no keys",
            expected=f"`{ref.key}`, for {words(*ref.path)}",
            why="the controller stops with `missing secret key or empty secret value`, and the object never gets ready.",
            hint=f"did you mean `{near}`?" if near else f"add the key to {made.by.kind} `{made.by.name}`",
        )


@rule("reference", KAFKA_SOURCE, needs="net")
def sasl_mechanism_known(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """The value that `net.sasl.type` leads to is `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`, and nothing around it.

    Why: the controller knows these words as they are written here, and stops with `unsupported SASL mechanism` at any other, one with
    a line break after it included; OAUTHBEARER needs a token provider, which a KafkaSource cannot give it. Only values that stand in a
    Secret of this project are looked at.

    Fix: write the word alone; with base64, encode it by `printf`, which adds no line break as `echo` does.

    Source: eventing-kafka-broker `control-plane/pkg/security/secret.go` saslConfig.
    """
    for ref in secret_refs(source):
        value = _value(cluster, cluster.namespace(source), ref) if ref.field == "sasl.type" else None
        if value and value not in MECHANISMS:
            blank = value.strip() in MECHANISMS
            yield Fault(
                "sasl-mechanism-known",
                ref.path,
                f"the key `{ref.key}` of Secret `{ref.name}` names no SASL mechanism of a KafkaSource",
                found="a mechanism with blanks or a line break around it" if blank else "another word",
                expected=", ".join(MECHANISMS),
                why="the controller stops with `unsupported SASL mechanism`, and condition ConsumerGroup is False.",
                hint="take the blanks away; `echo` adds a line break before base64, `printf` does not"
                if blank
                else "write one of these words as the value",
            )


def _value(cluster: Cluster, namespace: str, ref: SecretRef) -> str | None:
    """What a Secret of the inventory holds in the clear. It must never get into a message."""
    obj = cluster.objects.get(SECRET, namespace, ref.name)
    plain, encoded = at(obj, "stringData", ref.key), at(obj, "data", ref.key)
    if isinstance(plain, str):
        return plain
    try:
        return base64.b64decode(encoded, validate=True).decode() if isinstance(encoded, str) else None
    except (binascii.Error, UnicodeDecodeError):  # the schema tells broken base64
        return None
