"""KafkaSource: everything that the webhook would fill in is written, in the version that the release serves."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gitops import (
    Bucket,
    Delivery,
    External,
    InferenceService,
    KafkaNotification,
    KafkaSource,
    Manifest,
    Model,
    S3Credentials,
    Sasl,
    Secret,
    SecretKey,
    Sink,
    Tls,
    Topic,
)
from tests.resources.making import CRDS, attempt, one

IMAGES = Bucket(name="images", notifications=[KafkaNotification(topic="images", suffix=".png")])
CREDENTIALS = S3Credentials(name="s3", buckets=[IMAGES])
MODEL = InferenceService(name="mnist", model=Model(format="tensorflow", storage=IMAGES.uri("m")))


def source(*others: Any, settings: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
    given = {"name": "events", "topics": [IMAGES.topic], "sink": MODEL.predict_url()} | arguments
    return one(KafkaSource(**given), IMAGES, CREDENTIALS, MODEL, *others, **(settings or {}))


def test_defaults_are_written_because_the_webhook_would_invent_a_consumer_group() -> None:
    assert source()["spec"] == {
        "bootstrapServers": ["kafka:9092"],
        "topics": ["images"],
        "consumerGroup": "models.events",
        "consumers": 1,
        "initialOffset": "latest",
        "ordering": "ordered",
        "sink": {
            "ref": {
                "apiVersion": "serving.kserve.io/v1beta1",
                "kind": "InferenceService",
                "name": "mnist",
                "namespace": "models",
            },
            "uri": "/v1/models/mnist:predict",
        },
    }


@pytest.mark.parametrize(("release", "version"), [("1.23.0", "v1"), ("1.15.0", "v1beta1")])
def test_the_api_version_is_one_that_the_release_serves(release: str, version: str) -> None:
    assert (
        source(settings={"crds": CRDS | {"knative-kafka": release}})["apiVersion"] == f"sources.knative.dev/{version}"
    )


def test_any_delivery_field_writes_all_since_nothing_is_merged_in() -> None:
    assert source(delivery=Delivery(retry=3))["spec"]["delivery"] == {
        "retry": 3,
        "backoffPolicy": "exponential",
        "backoffDelay": "PT0.3S",
        "timeout": "PT600S",
    }


def test_a_dead_letter_sink_is_a_sink_like_the_other() -> None:
    broker = External("default", api_version="eventing.knative.dev/v1", kind="Broker", namespace="events")

    delivery = source(delivery=Delivery(dead_letter_sink=Sink(to=broker)))["spec"]["delivery"]

    assert delivery["deadLetterSink"]["ref"] == {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Broker",
        "name": "default",
        "namespace": "events",
    }


def test_login_and_certificates_are_references_to_secrets() -> None:
    secret = Secret(name="kafka", keys=["user", "password", "type", "ca.crt"])

    def key(name: str) -> SecretKey:
        return SecretKey(secret=secret, key=name)

    net = source(
        secret, sasl=Sasl(user=key("user"), password=key("password"), type=key("type")), tls=Tls(ca_cert=key("ca.crt"))
    )["spec"]["net"]

    assert net["sasl"] == {
        "enable": True,
        "user": {"secretKeyRef": {"name": "kafka", "key": "user"}},
        "password": {"secretKeyRef": {"name": "kafka", "key": "password"}},
        "type": {"secretKeyRef": {"name": "kafka", "key": "type"}},
    }
    assert net["tls"] == {"enable": True, "caCert": {"secretKeyRef": {"name": "kafka", "key": "ca.crt"}}}


def test_sinks_may_be_objects_of_the_application_of_others_or_urls() -> None:
    service = Manifest(api_version="v1", kind="Service", name="receiver", fields={"spec": {"ports": [{"port": 80}]}})

    assert source(service, sink=service)["spec"]["sink"]["ref"] == {
        "apiVersion": "v1",
        "kind": "Service",
        "name": "receiver",
        "namespace": "models",
    }
    assert source(sink=Sink(uri="https://example.com/in"))["spec"]["sink"] == {"uri": "https://example.com/in"}


def test_extensions_and_key_type() -> None:
    obj = source(ce_overrides={"team": "fraud"}, key_type="int", topics=[Topic(name="a"), External("b")], consumers=0)

    assert obj["metadata"]["labels"] == {"kafkasources.sources.knative.dev/key-type": "int"}
    assert (obj["spec"]["ceOverrides"], obj["spec"]["topics"], obj["spec"]["consumers"]) == (
        {"extensions": {"team": "fraud"}},
        ["a", "b"],
        0,
    )


@pytest.mark.parametrize(
    ("resources", "settings", "rule"),
    [
        (
            [KafkaSource(name="e", topics=[IMAGES.topic], sink=External("x", api_version="v1", kind="Service"))],
            {},
            "dangling-reference",
        ),
        ([KafkaSource(name="e", topics=[Topic(name="t")], sink=MODEL.predict_url())], {}, "dangling-reference"),
        ([KafkaSource(name="e", topics=[Topic(name="t")], sink=External("x"))], {}, "untyped-sink"),
        ([KafkaSource(name="e", topics=[Topic(name="t")], sink=Sink(uri="http://x"))], {"kafka": None}, "no-kafka"),
    ],
)
def test_what_would_never_deliver_is_a_problem(resources: Any, settings: Any, rule: str) -> None:
    assert [problem.rule for problem in attempt(*resources, **settings)[1]] == [rule]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"topics": ["images"]}, "not a bare name"),
        ({"topics": []}, "at least 1 item"),
        ({"initial_offset": "newest"}, "'earliest' or 'latest'"),
        ({"ce_overrides": {"no-dash": "x"}}, "ASCII letters and digits only"),
        ({"sink": {"uri": "mnist:predict"}}, "absolute `uri`"),
    ],
)
def test_what_the_webhook_would_refuse_is_refused_where_it_is_written(arguments: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        source(**arguments)


@pytest.mark.parametrize("uri", ["v1/models/m:predict", "//other/path"])
def test_a_path_on_an_object_starts_with_exactly_one_slash(uri: str) -> None:
    with pytest.raises(ValidationError, match="exactly one slash"):
        Sink(to=MODEL, uri=uri)
