"""No secret value in any output, whatever is wrong with it or beside it, in any format, and not even when the tool itself fails."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops import secrecy
from gitops.rules.base import Cluster
from tests.command_line import MINIMAL, Result, gitops, project, put
from tests.fuzzing import OUTPUTS, block

CANARY = "c4n4ryS3cr3t"
NUMBER = 87654321987
ENVIRONMENT = """\
namespace: models
kubernetes: "1.34"
crds: {kserve: 0.20.0, external-secrets: 2.9.0, sealed-secrets: 0.38.4, knative-kafka: 1.23.0}
"""
NEEDLES = (
    CANARY,
    str(NUMBER),
    *(base64.b64encode(f"{'u:xyz'[:number]}{CANARY}".encode()).decode()[4:-4] for number in range(6)),
)
"""The canary, and a piece of its base64 wherever it begins."""


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def made(kind: str, api_version: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, **fields}


VALUES: tuple[Any, ...] = (CANARY, f"{CANARY}\n", f"{CANARY}!", base64_of(CANARY), f"{base64_of(CANARY)}=", [CANARY], {"a": CANARY}, NUMBER, f"{CANARY} \x07", CANARY * 30)  # fmt: skip
URLS = (
    f"https://user:{CANARY}@h.example/x",
    f"s3://user:{CANARY}@b/p",
    f"hf://{CANARY}@a",
    f"http://u:{CANARY}@h:port/ x",
    f"https://u:{CANARY}@[::1/x",
    f"http://h/x?token={CANARY}&X-Amz-Signature={CANARY}",
)
VARIABLES = ("AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "PASSWORD", "DB_PASS", "API_KEY")


def secrets(value: Any) -> Iterator[dict[str, Any]]:
    for field in ("data", "stringData"):
        yield made("Secret", "v1", **{field: {"k": value, "AWS_SECRET_ACCESS_KEY": value}})
        yield made("Secret", "v1", **{field: value})
        yield made("Secret", "v1", type="kubernetes.io/dockerconfigjson", **{field: {".dockerconfigjson": value}})
        yield made("Secret", "v1", type="kubernetes.io/tls", **{field: {"tls.key": value}})
    yield made("Secret", "v1", dta={"k": value}, stringdata={"k": value}, spec={"data": {"k": value}})
    template = {"data": {"k": value}, "stringData": {"k": value}, "templateFrom": value}
    yield made("SealedSecret", "bitnami.com/v1alpha1", spec={"encryptedData": {"k": value}, "template": template})
    yield made("ExternalSecret", "external-secrets.io/v1", spec={"target": {"template": template}, "data": value})


def configurations(value: Any) -> Iterator[dict[str, Any]]:
    """JSON within a Secret: of stores, and of registries."""
    store = {"type": "s3", "secret_access_key": value, "endpoint_url": f"https://user:{CANARY}@h:x", "bucket": 1}
    registry = {"auths": {"r": {"username": "u", "password": value, "auth": base64_of(f"u:{CANARY}")}}}
    for text in (json.dumps(store), json.dumps(store, indent=1)[:-1], json.dumps([store])):
        yield {**made("Secret", "v1", stringData={"minio": text}), "metadata": {"name": "storage-config"}}
        yield {**made("Secret", "v1", data={"minio": base64_of(text)}), "metadata": {"name": "storage-config"}}
    for text in (json.dumps(registry), json.dumps(registry)[:-1], json.dumps({"auths": value})):
        kind = "kubernetes.io/dockerconfigjson"
        yield made("Secret", "v1", type=kind, data={".dockerconfigjson": base64_of(text)})
        yield made("Secret", "v1", type=kind, stringData={".dockerconfigjson": text})


def variables(value: Any) -> Iterator[dict[str, Any]]:
    env = [{"name": name, "value": value} for name in (*VARIABLES, VARIABLES[0])]
    model = {"modelFormat": {"name": "sklearn"}, "storageUri": "gs://a/b", "env": env}
    parameters = {"storage": {"parameters": {"secret_access_key": value, "type": "s3"}}}
    containers = [{"name": "a", "image": "b", "env": env, "envFrom": env}]
    pod = {"metadata": {"labels": {"a": "c"}}, "spec": {"containers": containers}}
    yield made("InferenceService", "serving.kserve.io/v1beta1", spec={"predictor": {"model": model}})
    yield made("Deployment", "apps/v1", spec={"selector": {"matchLabels": {"a": "b"}}, "template": pod})
    if isinstance(value, list | dict):
        return  # it may be a reference
    yield made("InferenceService", "serving.kserve.io/v1beta1", spec={"predictor": {"model": {**model, **parameters}}})
    sasl = {"user": {"secretKeyRef": value}, "password": {"secretKeyRef": value}}
    yield made("KafkaSource", "sources.knative.dev/v1", spec={"net": {"sasl": sasl}, "password": value})


def addresses(url: str) -> Iterator[dict[str, Any]]:
    model = {"modelFormat": {"name": "nope"}, "storageUri": url}
    spec: dict[str, Any] = {"predictor": {"model": model, "logger": {"url": url, "mode": "all"}}}
    yield made("InferenceService", "serving.kserve.io/v1beta1", spec=spec)
    spec = {
        "bootstrapServers": [url, url.partition("://")[2]] if "user:" in url else [url],
        "topics": ["a"],
        "sink": {"uri": url},
    }
    yield made("KafkaSource", "sources.knative.dev/v1", spec=spec)
    steps = [{"serviceUrl": url}, {"serviceUrl": url, "serviceName": "a"}]
    spec = {"nodes": {"root": {"routerType": "Sequence", "steps": steps}}}
    yield made("InferenceGraph", "serving.kserve.io/v1alpha1", spec=spec)
    annotations = {"serving.kserve.io/s3-endpoint": url}
    yield {**made("ServiceAccount", "v1"), "metadata": {"name": "a", "annotations": annotations}}
    spec = {"inferenceService": "a", "model": {"storageUri": url, "framework": "x", "memory": "1"}}
    yield made("TrainedModel", "serving.kserve.io/v1alpha1", spec=spec)


OBJECTS = [
    *(each for value in VALUES for make in (secrets, configurations, variables) for each in make(value)),
    *(each for url in URLS for each in addresses(url)),
]


def assert_silent(result: Result) -> None:
    told = result.stdout + result.stderr
    assert [line for line in told.split("\n") if any(needle in line for needle in NEEDLES)] == []
    assert result.status in (0, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path, {"environment.yaml": ENVIRONMENT})
    return tmp_path


def texts(style: str) -> dict[str, str]:
    """Some files of YAML, each with many documents; in JSON and in flow style, a line tells all of an object."""
    if style == "json":
        return {"f.json": "\n".join(map(json.dumps, OBJECTS))}
    if style == "flow":
        return {"f.yaml": "---\n".join(f"{json.dumps(each)}\n" for each in OBJECTS)}
    return {f"f{number}.yaml": "---\n".join(map(block, OBJECTS[number::4])) for number in range(4)}


@pytest.mark.parametrize("style", ["block", "flow", "json"])
def test_no_output_tells_a_secret(style: str, folder: Path) -> None:
    files = texts(style)
    put(folder, files)
    for output in ("text", "json"):
        assert_silent(gitops(folder, "validate", *files, "-e", "environment.yaml", "-o", output, "--complete"))


@pytest.mark.parametrize("output", OUTPUTS)
def test_no_format_tells_a_secret(output: str, folder: Path) -> None:
    objects = [*OBJECTS[:20], *(each for url in URLS for each in addresses(url))]
    put(folder, {"f.yaml": "---\n".join(map(block, objects))})
    assert_silent(gitops(folder, "validate", "f.yaml", "-e", "environment.yaml", "-o", output, "--complete"))


def test_mending_tells_none(folder: Path) -> None:
    files = texts("block")
    put(folder, files)
    assert_silent(gitops(folder, "validate", *files, "-e", "environment.yaml", "--fix", "-o", "json"))


@pytest.mark.parametrize(
    "text",
    [
        f"kind: Secret\napiVersion: v1\nstringData: {{a: {CANARY}\n",
        f"kind: Secret\napiVersion: v1\nstringData:\n  a: {CANARY}\n  a: {CANARY}\n",
        f"kind: Secret\napiVersion: v1\nstringData:\n  a: *{CANARY}\n",
        f"kind: Secret\napiVersion: v1\nstringData:\n  a: !{CANARY} x\n",
        f"kind: Secret\napiVersion: v1\nstringData:\n  a: '{CANARY}\n",
        f"kind: Secret\napiVersion: v1\nstringData:\n\ta: {CANARY}\n",
        f'{{"kind": "Secret", "apiVersion": "v1", "stringData": {{"a": "{CANARY}",}}',
        f"kind: SecretList\napiVersion: v1\nitems:\n- stringData: {CANARY}\n- {CANARY}\n",
    ],
)
def test_what_cannot_be_read_is_not_told_either(text: str, folder: Path) -> None:
    put(folder, {"f.yaml": text})
    for output in OUTPUTS:
        result = gitops(folder, "validate", "f.yaml", "-o", output)
        assert result.status == 1
        assert_silent(result)


def test_a_fault_of_the_tool_shows_no_value(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text of an exception may quote what it is about."""

    def names(cluster: Cluster, obj: Any) -> str:
        raise ValueError(json.dumps(obj) + CANARY)

    monkeypatch.setattr(Cluster, "namespace", names)
    monkeypatch.setattr(Cluster, "lacks", names)
    put(folder, texts("block"))
    result = gitops(folder, "validate", "f0.yaml", "f1.yaml", "f2.yaml", "-e", "environment.yaml", "--complete")

    assert result.status == 70
    assert "ValueError" in result.stderr
    assert not any(needle in result.stdout + result.stderr for needle in NEEDLES)


BROKEN = (
    f"secrets:\n  token: {CANARY}\n  other: [{CANARY}]\nreplicas: x\n",
    f"secrets: {CANARY}\n",
    f"secrets:\n- {CANARY}\n",
    f"secret:\n  token: {CANARY}\n",
    f"secrets:\n  a: {CANARY}\n  a: {CANARY}\n",
)


@pytest.mark.parametrize("values", BROKEN[:3])
def test_secrets_in_values_are_not_told(values: str, tmp_path: Path) -> None:
    environment = "namespace: dev\nsecrets: {backend: plain, allow_plaintext: true}\nobject_store: {endpoint: 'h', credentials: {access_key_id: [c4n4ryS3cr3t], secret_access_key: c4n4ryS3cr3t}}\n"
    folder = project(
        tmp_path, {**MINIMAL, "environments/dev/iris.yaml": values, "environments/dev/environment.yaml": environment}
    )
    for command in (("validate",), ("render",), ("validate", "-o", "json"), ("validate", "-o", "junit")):
        result = gitops(folder, *command)
        assert result.status == 1
        assert_silent(result)


# ---- what may be a secret ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("`https://u:p@h/x`", "`https://…@h/x`"),
        ("https://u@h and s3://a:b@c", "https://…@h and s3://…@c"),
        ("oci://image@sha256:0", "oci://image@sha256:0"),
        ("https://h/x@y", "https://h/x@y"),
        ("https://h/?a=1&token=x&b=2", "https://h/?a=1&token=…&b=2"),
        ("https://h/?X-Amz-Signature=x#f", "https://h/?X-Amz-Signature=…#f"),
        ("https://h/?sv=1&sig=x", "https://h/?sv=1&sig=…"),
        ("a@b", "a@b"),
        ("write `u:p@h:1`", "write `…@h:1`"),
        ("`app:1@sha256:0`", "`app:1@sha256:0`"),
    ],
)
def test_urls_are_told_without_what_opens_them(text: str, told: str) -> None:
    assert secrecy.concealed(text) == told


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        *((name, True) for name in VARIABLES),
        ("db.password", True),
        ("MODEL_NAME", False),
        ("KEY", False),
        ("PASSAGE", False),
        ("MONKEY", False),
        (1, False),
    ],
)
def test_variables_are_judged_by_their_names(name: object, is_one: bool) -> None:
    assert secrecy.is_secretive(name) is is_one
