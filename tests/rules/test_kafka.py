"""The rules of Kafka by tables, and by real mistakes of others."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops.environments import Environment
from gitops.faults import Fault
from gitops.objects import Object
from gitops.rules.base import Cluster, Inventory
from gitops.rules.golang import period, url
from gitops.rules.judge import Bench, faults
from gitops.rules.secrets_made import makers, secrets
from gitops.rules.table import RULES
from gitops.schemas.files import library
from gitops.yaml import parse_all
from tests.command_line import REPOSITORY
from tests.rules.judged import CASES, Edit, edited

FAMILIES = [
    "addressable",
    "event_sinks",
    "kafka_consumers",
    "kafka_delivery",
    "kafka_eventing",
    "kafka_network",
    "kafka_references",
    "kafka_scaling",
    "kafka_secrets",
    "kafka_source",
    "model_sinks",
    "strimzi",
]
MINE = [rule for rule in RULES if rule.judge.__module__.rpartition(".")[2] in FAMILIES]
CRDS = {
    "kserve": "0.20.0",
    "knative-kafka": "1.23.0",
    "strimzi": "1.2.0",
    "external-secrets": "2.9.0",
    "sealed-secrets": "0.38.4",
    "knative-eventing": "1.22.2",
}
SCHEMAS = library(REPOSITORY / "schemas").schemas(CRDS, "1.34")

REF = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "name": "fraud"}
SOURCE: Object = {
    "apiVersion": "sources.knative.dev/v1",
    "kind": "KafkaSource",
    "metadata": {"name": "orders", "namespace": "models"},
    "spec": {
        "bootstrapServers": ["kafka.example.com:9092"],
        "topics": ["orders"],
        "consumerGroup": "models.orders",
        "sink": {"ref": REF, "uri": "/v1/models/fraud:predict"},
    },
}


def cluster(*objects: Object, complete: bool = False, **settings: Any) -> Cluster:
    given = {"name": "test", "namespace": "models", "kubernetes": "1.34", "crds": CRDS, **settings}
    return Cluster(Environment.model_validate(given), SCHEMAS, Inventory(objects, SCHEMAS, "models"), complete)


def found(obj: Object, where: Cluster | None = None, old: Object | None = None) -> list[Fault]:
    where = where or cluster(obj)
    bench = Bench(MINE, where.environment, ("admission", "controller", "reference"))
    return [fault for fault in faults(obj, where, bench, old) if fault.rule in {rule.id for rule in MINE}]


def told(obj: Object, where: Cluster | None = None, old: Object | None = None) -> set[str]:
    return {fault.rule for fault in found(obj, where, old)}


def source(edit: Edit | None = None) -> Object:
    return edited(SOURCE, edit or {})


def sink(**to: Any) -> Edit:
    return {"spec.sink": to}


def delivery(**fields: Any) -> Edit:
    return {"spec.delivery": {"retry": 3, **fields}}


def test_a_source_as_it_should_be_breaks_no_rule() -> None:
    assert told(source()) == set()


DISPLAY = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "display"}


@pytest.mark.parametrize(
    ("edit", "rules"),
    [
        ({"spec": {}}, {"sink-given", "consumer-group-written"}),  # the schema tells the other two
        ({"spec": None}, {"source-has-topics", "source-has-servers", "sink-given"}),
        (sink(), {"sink-given"}),
        (sink(uri=""), {"sink-given"}),
        (sink(uri="//host/path"), {"sink-given"}),
        (sink(uri="http:///path"), {"sink-given"}),
        (sink(uri="host.example.com:8080/path"), {"sink-given"}),
        (sink(uri="http://host"), set()),
        (sink(ref=REF, uri=""), set()),
        (sink(ref={"name": "display", "kind": "Service"}, uri="/path"), set()),  # Knative does not look at such a ref
        (sink(ref={"name": "display", "kind": "Service"}), {"sink-ref-complete"}),
        (sink(ref={**DISPLAY, "name": ""}), {"sink-ref-complete"}),
        (sink(ref={**DISPLAY, "namespace": "elsewhere"}), set()),
        (sink(ref=DISPLAY, CACerts="nonsense"), set()),  # nor at certificates beside it
        (sink(uri="https://host", CACerts=""), {"sink-certificates-readable"}),
        (sink(ref=DISPLAY, uri="/path", CACerts="nonsense"), {"sink-certificates-readable"}),
        (sink(uri="http://host:http/"), {"event-urls-readable"}),
        (sink(ref=REF, uri="//other/path"), {"sink-keeps-its-host"}),
        (sink(ref=REF, uri="v1/models/fraud:predict"), {"sink-path-from-root"}),
        (sink(ref={**REF, "apiVersion": "serving.kserve.io/v9"}), {"sink-version-served"}),
        (sink(ref={"apiVersion": "example.com/v1", "kind": "Unknown", "name": "it"}), set()),
        ({"spec.initialOffset": ""}, set()),  # the webhook writes `latest`
        ({"spec.initialOffset": "LATEST"}, {"source-offset-known"}),
        ({"spec.ordering": ""}, {"source-ordering-known"}),
        ({"spec.ceOverrides": {"extensions": {"": "x"}}}, {"extension-names-plain"}),
        ({"spec.ceOverrides": {"extensions": {"²": "x"}}}, {"extension-names-plain"}),
        ({"spec.ceOverrides": {"extensions": {"AZ09": "x"}}}, set()),
        (delivery(retry=0), set()),
        (delivery(backoffPolicy=""), {"retries-countable"}),
        (delivery(timeout="P0"), {"delivery-durations-readable"}),
        (delivery(backoffDelay="PT0S"), set()),
        (delivery(backoffDelay="PT3276S"), set()),
        (delivery(backoffDelay="PT3277S"), {"delivery-durations-readable"}),
        (delivery(backoffDelay="PT0.50S"), set()),
        (delivery(backoffDelay="PT0.25S"), {"delivery-durations-exact"}),
        (delivery(retryAfterMax="-PT1S"), {"retry-after-enabled", "delivery-durations-readable"}),
        (delivery(deadLetterSink={"uri": "dead.example.com"}), {"dead-letter-sink-given"}),
        (delivery(deadLetterSink={"uri": "http://{{ host }}"}), {"event-urls-readable"}),
        (delivery(deadLetterSink={"ref": DISPLAY, "uri": "//dead"}), {"sink-keeps-its-host"}),
        ({"spec.delivery": {}}, {"delivery-says-retries"}),
        ({"spec.delivery": {"timeout": "PT5S"}}, {"delivery-says-retries"}),
        ({"spec.bootstrapServers": ["a.b:0"]}, {"servers-have-ports"}),
        ({"spec.bootstrapServers": ["kafka_1:9092, [::1]:9092,"]}, set()),
        ({"spec.bootstrapServers": ["http://kafka:9092"]}, {"servers-have-ports"}),
        ({"spec.topics": ["a" * 249]}, set()),
        ({"spec.topics": ["a" * 250]}, {"topic-names-legal"}),
        ({"spec.topics": [""]}, {"topic-names-legal"}),
        ({"spec.topics": [".."]}, {"topic-names-legal"}),
        ({"spec.topics": ["a", "b", "a"]}, {"topics-once"}),
        ({"spec.consumerGroup": ""}, {"consumer-group-written"}),
        ({"spec.net": {"sasl": {"enable": True}}}, {"sasl-complete"}),
        ({"spec.net": {"sasl": {"enable": False}, "tls": {"enable": False}}}, set()),
        ({"spec.net": {"tls": {"enable": True}}}, {"tls-client-certificate"}),
        ({"spec.net": {"tls": {"caCert": {"secretKeyRef": {"name": "ca", "key": "ca.crt"}}}}}, {"credentials-used"}),
        ({"metadata.annotations.autoscaling.eventing.knative.dev/class": "disabled"}, set()),
        (
            {"metadata.annotations.autoscaling.eventing.knative.dev/min-scale": "1.5"},
            {"scaling-annotations-read"},
        ),
        ({"metadata.annotations.argocd.argoproj.io/sync-wave": "2"}, set()),
    ],
)
def test_each_rule_knows_its_limits(edit: Edit, rules: set[str]) -> None:
    assert told(source(edit)) == rules


@pytest.mark.parametrize(
    ("edit", "value"),
    [
        (delivery(timeout="10s"), "PT10S"),
        (delivery(timeout="5min"), "PT5M"),
        (delivery(backoffDelay="300ms"), "PT0.3S"),
        (delivery(backoffDelay="250ms"), None),  # Knative would drop the second decimal
        (delivery(timeout="0s"), None),
        (delivery(timeout="soon"), None),
        (delivery(backoffPolicy="Linear"), "linear"),
        ({"spec.initialOffset": "Earliest"}, "earliest"),
        ({"spec.initialOffset": "oldest"}, None),
        (sink(ref=REF, uri="//v1/models/fraud:predict"), "/v1/models/fraud:predict"),
        ({"metadata.annotations.autoscaling.knative.dev/minScale": "1"}, "autoscaling.eventing.knative.dev/min-scale"),
        ({"metadata.annotations.autoscaling.knative.dev/target": "1"}, None),
    ],
)
def test_only_what_is_certain_is_mended(edit: Edit, value: str | None) -> None:
    (fault,) = found(source(edit))

    assert (fault.fix.value if fault.fix else None) == value


@pytest.mark.parametrize(
    "edit",
    [
        {"spec.topics": "orders"},
        {"spec.bootstrapServers": "kafka:9092"},
        {"spec.sink": "http://display"},
        {"spec.sink": {"ref": "display"}},
        {"spec.delivery": {"retry": "3"}},
        {"spec.consumers": "-1"},
        {"spec.initialOffset": -2},
        {"spec.net": {"sasl": {"enable": True, "user": "me", "password": "mine"}}},
        {"spec.net": {"tls": {"enable": "yes", "cert": {"secretKeyRef": {"name": "a", "key": "b"}}}}},
        {"metadata.labels": {"kafkasources.sources.knative.dev/key-type": 1}},
    ],
)
def test_what_the_schema_refuses_is_not_told_again(edit: Edit) -> None:
    assert told(source(edit)) == set()


@pytest.mark.parametrize(
    ("old", "new", "refused"), [("a", "b", 1), (None, "b", 1), ("a", None, 1), ("", "", 1), ("a", "a", 0)]
)
def test_a_consumer_group_does_not_change(old: str | None, new: str | None, refused: bool) -> None:
    before, after = source({"spec.consumerGroup": old}), source({"spec.consumerGroup": new})

    assert ("consumer-group-kept" in told(after, old=before)) == refused


def test_a_group_that_nobody_wrote_stays_as_the_webhook_made_it() -> None:
    silent = source({"spec.consumerGroup": None})

    assert "consumer-group-kept" not in told(silent, old=silent)


SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", "namespace": "models"}}
EXTERNAL = {
    "apiVersion": "external-secrets.io/v1",
    "kind": "ExternalSecret",
    "metadata": {"name": "from-vault", "namespace": "models", "annotations": {"own": "yes"}},
    "spec": {"target": {"name": "login"}, "data": [{"secretKey": "user"}, {"secretKey": "password"}]},
}
SEALED = {
    "apiVersion": "bitnami.com/v1alpha1",
    "kind": "SealedSecret",
    "metadata": {"name": "login", "namespace": "models"},
    "spec": {"encryptedData": {"user": "Ag", "password": "Ag"}, "template": {"type": "example.com/login"}},
}


@pytest.mark.parametrize(
    ("maker", "keys", "kind"),
    [
        ({**SECRET, "data": {"user": "YQ=="}, "stringData": {"password": "b"}}, {"user", "password"}, "Opaque"),
        (
            {**SECRET, "type": "kubernetes.io/service-account-token"},
            {"token", "ca.crt", "namespace"},
            "kubernetes.io/service-account-token",
        ),
        (EXTERNAL, {"user", "password"}, "Opaque"),
        (edited(EXTERNAL, {"spec.dataFrom": [{"extract": {"key": "all"}}]}), None, "Opaque"),
        (edited(EXTERNAL, {"spec.target.template": {"data": {"url": "x"}}}), {"url"}, "Opaque"),
        (
            edited(EXTERNAL, {"spec.target.template": {"mergePolicy": "Merge", "data": {"url": "x"}}}),
            {"url", "user", "password"},
            "Opaque",
        ),
        (edited(EXTERNAL, {"spec.target.template": {"templateFrom": [{}], "type": "t"}}), None, "t"),
        (SEALED, {"user", "password"}, "example.com/login"),
        (edited(SEALED, {"spec.template": {"data": {"note": "x"}}}), {"user", "password", "note"}, "Opaque"),
    ],
)
def test_the_secret_that_an_object_makes(maker: Object, keys: set[str] | None, kind: str) -> None:
    made = Inventory([maker], SCHEMAS, "models").index(secrets)["models", "login"]

    assert (made.keys, made.type) == (keys, kind)


@pytest.mark.parametrize("policy", ["None", "Merge"])
def test_an_external_secret_that_makes_none(policy: str) -> None:
    inventory = Inventory([edited(EXTERNAL, {"spec.target.creationPolicy": policy})], SCHEMAS, "models")

    assert inventory.index(secrets) == {}
    assert len(inventory.index(makers)) == (policy == "Merge")


def test_keys_of_two_makers_add_up() -> None:
    other = edited(EXTERNAL, {"spec.target.creationPolicy": "Merge", "spec.data": [{"secretKey": "sasl.mechanism"}]})
    inventory = Inventory([{**SECRET, "stringData": {"user": "a"}}, other], SCHEMAS, "models")

    made = inventory.index(secrets)["models", "login"]

    assert made.keys == frozenset(("user", "sasl.mechanism"))
    assert made.by.kind == "Secret"


def test_no_value_of_a_secret_gets_into_a_message() -> None:
    keys = ("user", "password", "type")
    net = {"sasl": {"enable": True, **{key: {"secretKeyRef": {"name": "login", "key": key}} for key in keys}}}
    values = {"user": "an-unusual-name", "password": "", "type": "A-SECRET-WORD"}
    obj, login = source({"spec.net": net}), {**SECRET, "stringData": values}

    faults_found = found(obj, cluster(obj, login))

    assert {fault.rule for fault in faults_found} == {"kafka-secret-has-key", "sasl-mechanism-known"}
    assert not any(value in str(fault) for fault in faults_found for value in values.values() if value)


MODEL: Object = {
    "apiVersion": "serving.kserve.io/v1beta1",
    "kind": "InferenceService",
    "metadata": {"name": "fraud", "namespace": "models"},
    "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "gs://models/fraud"}}},
}
M = "spec.predictor.model"


@pytest.mark.parametrize(
    ("model", "path", "served"),
    [
        ({}, "/v1/models/fraud:predict", True),
        ({}, "/v2/models/fraud/infer", True),  # KServe's own servers speak both
        ({}, "/v1/models/other:predict", False),
        ({}, "/v1/models/fraud", False),
        ({}, "", False),
        ({M + ".protocolVersion": "v2"}, "/v1/models/fraud:predict", False),  # MLServer
        ({M + ".protocolVersion": "v2"}, "/v2/models/fraud/infer", True),
        ({M + ".modelFormat.name": "tensorflow"}, "/v2/models/fraud/infer", False),
        ({M + ".modelFormat.name": "tensorflow"}, "/v1/models/fraud/versions/2:predict", True),
        (
            {M + ".modelFormat.name": "triton"},
            "/v2/models/anything/infer",
            True,
        ),  # its names are those of its repository
        ({M + ".modelFormat.name": "pytorch"}, "/predictions/fraud", True),
        ({M + ".modelFormat.name": "huggingface"}, "/openai/v1/completions", True),
        ({M + ".modelFormat.name": "vLLM"}, "/v1/completions", True),
        ({M + ".modelFormat.name": "my-own"}, "/anything", True),
        ({M + ".image": "example.com/my-server"}, "/anything", True),
        ({M + ".runtime": "my-runtime"}, "/anything", True),
        ({M + ".args": ["--model_name=other"]}, "/v1/models/other:predict", True),
        ({"spec.transformer": {"containers": [{"name": "t", "image": "t"}]}}, "/anything", True),
    ],
)
def test_paths_that_models_serve(model: Edit, path: str, served: bool) -> None:
    obj, at = edited(MODEL, model), source({"spec.sink.uri": path or None})

    assert ("sink-path-served" not in told(at, cluster(at, obj, complete=True))) == served


def test_a_path_is_not_judged_where_another_runtime_may_serve_it() -> None:
    runtime = {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ServingRuntime",
        "metadata": {"name": "mine", "namespace": "models"},
        "spec": {"containers": [{"name": "kserve-container", "image": "mine"}]},
    }
    at = source({"spec.sink.uri": "/anything"})

    assert "sink-path-served" not in told(at, cluster(at, MODEL))  # the cluster may have more
    assert "sink-path-served" not in told(at, cluster(at, MODEL, runtime, complete=True))
    assert "sink-path-served" in told(at, cluster(at, MODEL, complete=True))


def test_what_is_provided_is_there() -> None:
    provides = [
        {"kind": kind, "name": name}
        for kind, name in (("InferenceService", "fraud"), ("ClusterRole", "kserve-addressable-resolver"))
    ]

    assert told(source(), cluster(source(), complete=True)) == {"sink-exists", "sink-role-granted"}
    assert told(source(), cluster(source(), complete=True, provides=provides)) == set()


def test_the_missing_role_is_told_once() -> None:
    second = source({"metadata.name": "returns", "spec.consumerGroup": "models.returns"})
    where = cluster(source(), second, MODEL, complete=True)

    assert told(source(), where) == {"sink-role-granted"}
    assert told(second, where) == set()


@pytest.mark.parametrize(
    ("edit", "rules"),
    [
        ({}, {"consumer-group-splits-events"}),
        ({"spec.bootstrapServers": ["other.example.com:9092"]}, set()),
        ({"spec.topics": ["returns"]}, {"consumer-group-own"}),
        ({"spec.sink": SOURCE["spec"]["sink"]}, {"consumer-group-own"}),
        ({"spec.consumerGroup": "another"}, set()),
    ],
)
def test_sources_that_share_a_group(edit: Edit, rules: set[str]) -> None:
    other = source({"metadata.name": "display", "spec.sink": {"ref": DISPLAY}, **edit})

    assert told(source(), cluster(source(), other)) == rules


@pytest.mark.parametrize("name", ["kafka", "kafka.ns", "kafka.ns.svc", "kafka.ns.svc.cluster.local"])
def test_one_kafka_cluster_under_several_names(name: str) -> None:
    topic = {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaTopic",
        "metadata": {"name": "orders", "namespace": "ns", "labels": {"strimzi.io/cluster": "shop"}},
    }
    host = name.replace("kafka", "shop-kafka-bootstrap") + ":9092"
    at = source({"metadata.namespace": "ns", "spec.bootstrapServers": [host], "spec.topics": ["orders", "order"]})

    assert [
        fault.pointer for fault in found(at, cluster(at, topic, complete=True)) if fault.rule == "kafka-topic-exists"
    ] == [("spec", "topics", 1)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("/v1/models/mnist:predict", ("", "", "/v1/models/mnist:predict")),
        ("v1/models/mnist:predict", ("", "", "v1/models/mnist:predict")),
        ("mnist:predict", ("mnist", "", "")),
        (":predict", None),
        ("//other/x", ("", "other", "/x")),
        ("///x", ("", "", "///x")),
        ("http:///x", ("http", "", "/x")),
        ("HTTP://h", ("http", "h", "")),
        ("http://h:80/x?q#f", ("http", "h:80", "/x")),
        ("http://h:p/x", None),
        ("http://[::1]:80/", ("http", "[::1]:80", "/")),
        ("http://[::1/", None),
        ("http://u:p@h/", ("http", "h", "/")),
        ("http://u ser@h/", None),
        ("http://a b/", None),
        ("http://{{ host }}/", None),
        ("http://a%20b/", None),
        ("/a%zz", None),
        ("http://h#%zz", None),
        ("1http://x", None),
        (" http://h", None),
        ("/x y", ("", "", "/x y")),
        ("", ("", "", "")),
    ],
)
def test_urls_are_read_as_go_reads_them(text: str, parts: tuple[str, str, str] | None) -> None:
    assert url(text) == parts


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("PT600S", (False, False, False)),
        ("PT3277S", (False, False, True)),
        ("PT0.3S", (False, False, False)),
        ("PT0.05S", (True, False, False)),
        ("P0", (True, False, False)),
        ("-PT5S", (False, True, False)),
        ("P1DT", (False, False, False)),
        ("PT1S1H", (False, False, False)),
        ("P1W", (False, False, False)),
        *(
            (text, None)
            for text in ("", "P", "PT", "5", "10s", "PT5", "pt5s", "PT1H1H", "PT1.5H0.5S", "P-1D", "P4000Y", "PT5X")
        ),
    ],
)
def test_durations_are_read_as_knative_reads_them(text: str, read: tuple[bool, bool, bool] | None) -> None:
    assert period(text) == read


@given(st.text(alphabet="/:@[]%#? {}ah1.", max_size=12))
def test_any_text_is_a_url_or_none(text: str) -> None:
    read = url(text)

    assert read is None or (read.absolute == bool(read.scheme) and "//" not in read.host)


CORRECTED = (Path(__file__).parents[1] / "lab/corrections.csv").read_text(encoding="utf-8")
COVERED = {
    "ks-fields-at-root": ("source-has-topics", "admission"),
    "ks-port-omitted-accepted": ("servers-have-ports", "controller"),
    "ks-sink-ref-no-apiversion": ("sink-ref-complete", "admission"),
    "ks-sink-uri-no-scheme": ("sink-given", "admission"),
    "ks-sink-without-ref": ("sink-given", "admission"),
    "ks-topics-empty": ("source-has-topics", "admission"),
    "ks-update-consumergroup": ("consumer-group-kept", "admission"),
}


def mistakes() -> list[Any]:
    if not CASES.is_dir():
        return [
            pytest.param({}, marks=pytest.mark.skip(reason="the collection of real mistakes in ../shared is not here"))
        ]
    with (CASES / "INDEX-invalid.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith("invalid/ks-")]
    return [row for row in rows if row["file"] not in CORRECTED]  # what the lab says of those: tests/test_verdicts.py


@pytest.mark.parametrize("row", mistakes(), ids=lambda row: row.get("file", ""))
def test_what_clusters_said_of_real_mistakes_is_said_here(row: dict[str, str]) -> None:
    *before, obj = parse_all((CASES / row["file"]).read_text(encoding="utf-8"), row["file"])
    layers = {rule.id: rule.layer for rule in RULES}

    rules = {(rule, layers[rule]) for rule in told(obj, old=before[0] if before else None)}

    name = row["file"].removeprefix("invalid/").removesuffix(".yaml")
    assert COVERED.get(name, next(iter(rules), None)) in (*rules, None)
    if row["verdict"].startswith("accept") or row["rejected_by"] == "webhook":
        assert any(layer == "admission" for _, layer in rules) == row["verdict"].startswith("reject")
