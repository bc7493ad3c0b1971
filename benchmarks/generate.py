"""A project of N applications that look like those of a company: six objects each, with values of their own per environment.

python -m benchmarks.generate FOLDER N
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

Values = Mapping[str, str | int]
"""What differs between applications (`name`, `topic`, …) and, of the keys that a values file has, between environments."""

ENVIRONMENTS = ("dev", "staging", "prod")

FORMATS = ("sklearn", "xgboost", "lightgbm", "pytorch", "tensorflow")
"""One runtime each, so that all applications have objects of the same form."""

SPEC = '''"""{name}: documents dropped in a bucket are classified as they arrive."""

from gitops import (
    Bucket, Container, Environment, InferenceService, KafkaNotification, KafkaSource, Manifest, Model, S3Credentials,
    SecretKey, ServiceAccount, Transformer, Values, application,
)


class Settings(Values):
    """What may differ between environments."""

    image: str
    model_version: int = 1
    min_replicas: int = 1
    max_replicas: int = 3
    cpu: str = "500m"
    memory: str = "1Gi"
    threshold: str = "0.5"


@application
def classify(env: Environment, values: Settings):
    """Bucket, topic, source, transformer, model."""
    labels = {{"app.kubernetes.io/name": "{name}", "app.kubernetes.io/part-of": "{team}"}}
    inbox = Bucket(
        name="{name}", labels=labels, quota="10GiB", expire_days=30,
        notifications=[KafkaNotification(topic="{topic}", events=["put"], suffix=".json")],
    )
    credentials = S3Credentials(name="{name}-s3", labels=labels, buckets=[inbox])
    account = ServiceAccount(name="{name}", labels=labels, secrets=[credentials])
    settings = Manifest(
        api_version="v1", kind="ConfigMap", name="{name}-settings", labels=labels,
        fields={{"data": {{"owner": "{team}.example.com", "threshold": values.threshold, "settings.ini": SETTINGS}}}},
    )
    transformer = Container(
        image=values.image, args=["--model_name", "{name}", "--workers", "2"], cpu="250m", memory="256Mi",
        env={{"TOPIC": "{topic}", "ACCESS_KEY": SecretKey(secret=credentials, key="AWS_ACCESS_KEY_ID"), "LOG_LEVEL": "info"}},
    )
    model = InferenceService(
        name="{name}", labels=labels, service_account=account,
        model=Model(
            format="{format}", protocol_version="v1", runtime="{runtime}", storage=inbox.uri("models", str(values.model_version)),
            cpu=values.cpu, memory=values.memory, env={{"OMP_NUM_THREADS": "2"}},
        ),
        transformer=Transformer(container=transformer, service_account=account, min_replicas=values.min_replicas),
        min_replicas=values.min_replicas, max_replicas=values.max_replicas, timeout=60,
    )
    events = KafkaSource(name="{name}-events", labels=labels, topics=[inbox.topic], sink=model.predict_url(), consumers=2)
    return [inbox, credentials, account, settings, model, events]


SETTINGS = """\\
[classifier]
name = {name}
input = {topic}
retries = 3
"""
'''

_BASE = """\
namespace: models
kubernetes: "1.34"
crds:
  kserve: 0.20.0
  knative-kafka: 1.23.0
  external-secrets: 2.9.0
object_store:
  endpoint: s3.models.svc.cluster.local:9000
kafka:
  bootstrap_servers:
    - kafka-headless.kafka.svc.cluster.local:9092
secrets:
  store:
    name: models
"""
_DEV = """\
namespace: models-dev
kserve:
  deployment_mode: Standard
object_store:
  endpoint: minio-service:9000
  https: false
  credentials:
    access_key_id: minio
    secret_access_key: minio123
secrets:
  backend: plain
  allow_plaintext: true
"""
_STAGING = (
    "namespace: models-staging\nobject_store:\n  endpoint: s3.staging.example.com:9000\n  admin_secret: store-admin\n"
)
_PROD = "namespace: models-prod\nobject_store:\n  endpoint: s3.example.com\n  region: eu-central-1\n  admin_secret: store-admin\n"
_ENVIRONMENT_FILES = {"base": _BASE, "dev": _DEV, "staging": _STAGING, "prod": _PROD}


def identity(index: int) -> dict[str, str]:
    """What an application is, wherever it runs."""
    model_format = FORMATS[index % len(FORMATS)]
    server = {"sklearn": "sklearnserver", "xgboost": "xgbserver", "lightgbm": "lgbserver", "pytorch": "torchserve"}
    return {
        "name": f"classifier-{index:05d}",
        "team": f"team-{index % 37:02d}",
        "topic": f"documents-{index:05d}",
        "target": f"DOCUMENTS_{index:05d}",
        "format": model_format,
        "runtime": f"kserve-{server.get(model_format, 'tensorflow-serving')}",
    }


def settings(index: int, environment: str) -> dict[str, str | int]:
    """All of an application's values in an environment (`base` included)."""
    step = ("base", *ENVIRONMENTS).index(environment)
    return {
        "image": f"registry.example.com/ml/transformer-{index % 11}:1.{index % 7}.{step}",
        "model_version": 1 + index % 5 + step,
        "min_replicas": max(1, step),
        "max_replicas": 3 + step + index % 4,
        "cpu": f"{510 + 100 * (index % 3) + 250 * step}m",
        "memory": f"{1 + index % 4 + step}Gi",
        "threshold": f"0.{50 + index % 40 + step}",
    }


def generate(folder: Path, applications: int) -> None:
    """Make the project; `folder` must not be there yet."""
    _skeleton(folder)
    for index in range(applications):
        add_application(folder, identity(index), {each: settings(index, each) for each in ("base", *ENVIRONMENTS)})


def add_application(folder: Path, what: Mapping[str, str], by_environment: Mapping[str, Values]) -> None:
    """One spec file, and its values in each environment."""
    (folder / "specs" / f"{what['name'].replace('-', '_')}.py").write_text(SPEC.format(**what))
    for environment, values in by_environment.items():
        (folder / "environments" / environment / f"{what['name']}.yaml").write_text(_values(values))


def sentinels(folder: Path, what: Mapping[str, str], values: Values) -> None:
    """A project of one application with the same values everywhere, to find where they end up."""
    _skeleton(folder)
    add_application(folder, what, {"base": values})


def _skeleton(folder: Path) -> None:
    (folder / "specs").mkdir(parents=True)
    (folder / "pyproject.toml").write_text("[tool.gitops]\n")
    (folder / "schemas").symlink_to(REPOSITORY / "schemas")
    for environment, text in _ENVIRONMENT_FILES.items():
        (folder / "environments" / environment).mkdir(parents=True)
        (folder / "environments" / environment / "environment.yaml").write_text(text)


def _values(values: Values) -> str:
    return "".join(
        f"{key}: {value if isinstance(value, int) else f'{chr(34)}{value}{chr(34)}'}\n" for key, value in values.items()
    )


if __name__ == "__main__":
    generate(Path(sys.argv[1]), int(sys.argv[2]))
