"""KafkaSource: records of Kafka topics become events for a model.

Source of the rules: knative-extensions/eventing-kafka-broker `control-plane/pkg/apis/sources/v1/` (defaults, validation).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from gitops.environments import merge
from gitops.model import Closed, Many
from gitops.objects import Object
from gitops.problems import Problem
from gitops.resources.base import EMPTY, Context, External, Resource
from gitops.resources.bucket import Topic
from gitops.resources.pod import SecretKey, without_empty
from gitops.resources.sink import Sink

API_VERSIONS = (("1.16.0", "sources.knative.dev/v1"), ("0", "sources.knative.dev/v1beta1"))
"""Newest first: from which release of the Kafka broker each apiVersion is served."""

DELIVERY_DEFAULTS = {"retry": 10, "backoffPolicy": "exponential", "backoffDelay": "PT0.3S", "timeout": "PT600S"}
"""What the controller uses without a delivery block; with one, it fills in nothing, so all four are always written."""


class Delivery(Closed):
    """Retries. Durations are ISO 8601, such as `PT0.3S`; what is left out is written with the controller's own default."""

    retry: int | None = Field(None, ge=0)
    backoff_policy: Literal["linear", "exponential"] | None = None
    backoff_delay: str | None = None
    timeout: str | None = None
    dead_letter_sink: Sink | None = None


class Sasl(Closed):
    """SASL login. Each value comes from a key of a Secret in the same namespace, `type` (PLAIN, SCRAM-SHA-256, …) included."""

    user: SecretKey
    password: SecretKey
    type: SecretKey | None = None


class Tls(Closed):
    """TLS: `ca_cert` for a private authority; `cert` and `key` for a client certificate (required without SASL)."""

    ca_cert: SecretKey | None = None
    cert: SecretKey | None = None
    key: SecretKey | None = None


class KafkaSource(Resource):
    """A Knative KafkaSource: reads `topics` and posts each record to `sink`.

    `bootstrap_servers`: the environment's unless given. `consumer_group`: cannot change later, and is always written, because the
    webhook would invent a random one; the default is `<namespace>.<name>`, so environments do not share one.
    `key_type`: how record keys are read.
    """

    object_kind: ClassVar[str] = "KafkaSource"

    topics: Many[Topic | External] = Field(min_length=1)
    sink: Sink | Resource | External
    bootstrap_servers: Many[str] = ()
    consumer_group: str = ""
    consumers: int = Field(1, ge=0)
    initial_offset: Literal["earliest", "latest"] = "latest"
    ordering: Literal["ordered", "unordered"] = "ordered"
    delivery: Delivery | None = None
    ce_overrides: dict[str, str] = EMPTY
    sasl: Sasl | None = None
    tls: Tls | bool = False
    key_type: Literal["string", "int", "float", "byte-array"] | None = None

    @field_validator("topics", mode="before")
    @classmethod
    def _no_bare_names(cls, topics: object) -> object:
        if isinstance(topics, list | tuple) and any(isinstance(topic, str) for topic in topics):
            raise ValueError(
                "pass `bucket.topic`, `Topic(name=…)` or, for a topic outside this project, `External(…)`, not a bare name"
            )
        return topics

    @field_validator("ce_overrides")
    @classmethod
    def _extension_names(cls, extensions: dict[str, str]) -> dict[str, str]:
        if bad := [name for name in extensions if not (name.isascii() and name.isalnum())]:
            raise ValueError(
                f"names of CloudEvents extensions are ASCII letters and digits only, not {', '.join(map(repr, bad))}"
            )
        return extensions

    def objects(self, context: Context) -> Iterable[Object]:
        """One KafkaSource, in the apiVersion that the environment's release serves."""
        metadata = self.metadata(context)
        if self.key_type:
            metadata["labels"] = {
                **metadata.get("labels", {}),
                "kafkasources.sources.knative.dev/key-type": self.key_type,
            }
        spec: Object = {
            "bootstrapServers": self._bootstrap_servers(context),
            "topics": [self._topic(context, index, topic) for index, topic in enumerate(self.topics)],
            "consumerGroup": self.consumer_group or f"{context.environment.namespace}.{self.name}",
            "consumers": self.consumers,
            "initialOffset": self.initial_offset,
            "ordering": self.ordering,
            "sink": self._sink(context, "sink", self.sink),
            "delivery": self._delivery(context),
            "ceOverrides": {"extensions": dict(self.ce_overrides)} if self.ce_overrides else {},
            "net": self._net(context),
        }
        api_version = next(
            version for since, version in API_VERSIONS if context.environment.runs("knative-kafka", since)
        )
        obj = {"apiVersion": api_version, "kind": "KafkaSource", "metadata": metadata, "spec": without_empty(spec)}
        return [self.finish(context, obj)]

    def _bootstrap_servers(self, context: Context) -> list[str]:
        kafka = context.environment.kafka
        servers = self.bootstrap_servers or (kafka.bootstrap_servers if kafka else ())
        if not servers:
            context.problem(self, "", _NO_KAFKA)
        return list(servers)

    def _topic(self, context: Context, index: int, topic: Topic | External) -> str:
        if isinstance(topic, Topic) and topic.bucket:
            context.reference(self, f"topics.{index}", topic.bucket)
        return topic.name

    def _sink(self, context: Context, at: str, sink: Sink | Resource | External) -> Object:
        if not isinstance(sink, Sink):
            return {"ref": self._ref(context, at, sink)}
        if sink.to is None:
            return {"uri": sink.uri}
        return without_empty({"ref": self._ref(context, at, sink.to), "uri": sink.uri or None})

    def _ref(self, context: Context, at: str, target: Resource | External) -> Object:
        kind, name = target.identity()
        context.reference(self, at, target)
        if not (target.api() and kind):
            context.problem(self, at, _untyped_sink(name))
        namespace = getattr(target, "namespace", "") or context.environment.namespace
        return {"apiVersion": target.api(), "kind": kind, "name": name, "namespace": namespace}

    def _delivery(self, context: Context) -> Object:
        if self.delivery is None:
            return {}
        given = self.delivery
        own = {
            "retry": given.retry,
            "backoffPolicy": given.backoff_policy,
            "backoffDelay": given.backoff_delay,
            "timeout": given.timeout,
        }
        delivery = merge(DELIVERY_DEFAULTS, without_empty(own))
        if given.dead_letter_sink:
            delivery["deadLetterSink"] = self._sink(context, "delivery.dead_letter_sink", given.dead_letter_sink)
        return delivery

    def _net(self, context: Context) -> Object:
        net: Object = {}
        if self.sasl:
            keys = {"user": self.sasl.user, "password": self.sasl.password, "type": self.sasl.type}
            net["sasl"] = {"enable": True, **self._keys(context, "sasl", keys)}
        if self.tls:
            keys = {} if self.tls is True else {"caCert": self.tls.ca_cert, "cert": self.tls.cert, "key": self.tls.key}
            net["tls"] = {"enable": True, **self._keys(context, "tls", keys)}
        return net

    def _keys(self, context: Context, at: str, keys: dict[str, SecretKey | None]) -> Object:
        return {
            name: {"secretKeyRef": key.embedded(context, self, f"{at}.{name}")} for name, key in keys.items() if key
        }


_NO_KAFKA = Problem(
    rule="no-kafka",
    message="the environment names no Kafka cluster",
    expected="`kafka: {bootstrap_servers: […]}` in environment.yaml, or `bootstrap_servers=` here",
    why="the Knative Kafka webhook refuses a KafkaSource without bootstrap servers.",
    hint="add the address of the cluster's Kafka, host:port",
)


def _untyped_sink(name: str) -> Problem:
    return Problem(
        rule="untyped-sink",
        message=f"the sink `{name}` says neither apiVersion nor kind",
        expected="External(name, api_version=…, kind=…)",
        why="Knative could not find out what to send events to.",
        hint='for example External("broker", api_version="eventing.knative.dev/v1", kind="Broker")',
    )
