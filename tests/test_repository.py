"""This repository is a project itself: its overlays are fresh, real, and say what the five tutorials say."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gitops import kustomize
from gitops.objects import Key, Object, identical, key_of
from tests.command_line import REPOSITORY, gitops

KUSTOMIZE = kustomize.find(REPOSITORY)
KUBECTL = shutil.which("kubectl")
OVERLAYS = sorted(path.parent for path in REPOSITORY.glob("overlays/*/*/kustomization.yaml"))
ENVIRONMENTS = ("dev", "prod", "staging")
APPLICATIONS = ("digits", "fraud-detection", "inception", "iris", "train-and-serve")

real = pytest.mark.skipif(KUSTOMIZE is None, reason="kustomize is not here: `make tools` builds it where Go is present")


@cache
def objects(application: str, environment: str) -> dict[Key, Object]:
    """What `gitops show` gives."""
    result = gitops(REPOSITORY, "show", application, "-e", environment, "-o", "json")
    assert result.status == 0, result.stderr
    return {key_of(obj): obj for obj in json.loads(result.stdout)}


def only(application: str, environment: str, kind: str) -> list[Object]:
    return [obj for key, obj in objects(application, environment).items() if key.kind == kind]


def test_the_overlays_are_fresh() -> None:
    result = gitops(REPOSITORY, "render", "--check")

    assert (result.status, result.stdout) == (0, "")


def test_a_cluster_would_take_all_of_it_and_policies_accept_it() -> None:
    result = gitops(REPOSITORY, "validate")

    assert (result.status, result.stdout, result.stderr) == (0, "", "")


def test_every_application_runs_in_every_environment() -> None:
    assert [path.relative_to(REPOSITORY / "overlays").as_posix() for path in OVERLAYS] == [
        f"{environment}/{application}"
        for environment in sorted(["base", *ENVIRONMENTS])
        for application in APPLICATIONS
    ]


@real
@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_kustomize_builds_what_gitops_shows(overlay: Path) -> None:
    built = {key_of(obj): obj for obj in kustomize.build(overlay, KUSTOMIZE)}
    shown = objects(overlay.name, overlay.parent.name)

    assert built.keys() == shown.keys()
    assert [str(key) for key, obj in built.items() if not identical(obj, shown[key])] == []


@real
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_builds_as_a_whole(environment: str) -> None:
    built = {key_of(obj) for obj in kustomize.build(REPOSITORY / "overlays" / environment, KUSTOMIZE)}

    assert built == {key for application in APPLICATIONS for key in objects(application, environment)}


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not here")
def test_kubectl_builds_an_environment_too() -> None:
    assert KUBECTL
    built = subprocess.run(
        [KUBECTL, "kustomize", str(REPOSITORY / "overlays/dev")], capture_output=True, text=True, check=False
    )

    assert (built.returncode, built.stderr) == (0, "")
    assert built.stdout.count("kind: InferenceService\n") >= 6


def test_iris_is_the_tutorials_model_in_the_form_that_kserve_keeps() -> None:
    (service,) = objects("iris", "dev").values()

    assert service["spec"]["predictor"]["model"] == {
        "modelFormat": {"name": "sklearn"},
        "protocolVersion": "v1",
        "runtime": "kserve-sklearnserver",
        "storageUri": "gs://kfserving-samples/models/sklearn/iris",
    }


def test_digits_has_everything_from_the_bucket_to_the_prediction() -> None:
    scripts = {
        job["metadata"]["name"]: job["spec"]["template"]["spec"]["containers"][0]["args"][0]
        for job in only("digits", "dev", "Job")
    }
    assert scripts.keys() == {"bucket-mnist", "bucket-digits"}
    assert "arn:minio:sqs::MNIST:kafka --event put --suffix .png" in scripts["bucket-mnist"]

    (secret,) = only("digits", "dev", "Secret")
    assert secret["metadata"]["annotations"]["serving.kserve.io/s3-endpoint"] == "minio-service:9000"
    assert secret["metadata"]["annotations"]["serving.kserve.io/s3-usehttps"] == "0"

    (source,) = only("digits", "dev", "KafkaSource")
    assert source["spec"]["bootstrapServers"] == ["kafka-headless.default.svc.cluster.local:9092"]
    assert (source["spec"]["consumerGroup"], source["spec"]["topics"]) == ("knative-group", ["mnist"])
    assert source["spec"]["sink"]["uri"] == "/v1/models/mnist:predict"

    (service,) = only("digits", "dev", "InferenceService")
    assert service["spec"]["predictor"]["model"]["modelFormat"] == {"name": "tensorflow"}
    (transformer,) = service["spec"]["transformer"]["containers"]
    assert transformer["resources"] == {name: {"cpu": "100m", "memory": "100Mi"} for name in ("requests", "limits")}

    (role,) = only("digits", "dev", "ClusterRole")
    assert role["metadata"]["labels"] == {"duck.knative.dev/addressable": "true"}
    assert role["rules"][0]["verbs"] == ["get", "list", "watch"]


def test_digits_has_a_minio_of_its_own_in_dev_only() -> None:
    (minio,) = only("digits", "dev", "Deployment")
    names = [variable["name"] for variable in minio["spec"]["template"]["spec"]["containers"][0]["env"]]

    assert "MINIO_NOTIFY_KAFKA_TOPIC_MNIST" in names
    assert [only("digits", environment, "Deployment") for environment in ("staging", "prod")] == [[], []]


def test_train_and_serve_gives_the_default_account_a_secret_that_kserve_reads() -> None:
    (secret,) = only("train-and-serve", "dev", "Secret")
    (account,) = only("train-and-serve", "dev", "ServiceAccount")
    (service,) = only("train-and-serve", "dev", "InferenceService")
    scripts = {
        job["metadata"]["name"]: job["spec"]["template"]["spec"]["containers"][0]["args"][0]
        for job in only("train-and-serve", "dev", "Job")
    }

    assert sorted(secret["stringData"]) == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    assert (account["metadata"]["name"], account["secrets"]) == ("default", [{"name": "train-and-serve-s3"}])
    assert service["spec"]["predictor"]["model"]["storageUri"] == "s3://mnist-export/mnist"
    assert service["metadata"]["annotations"]["sidecar.istio.io/inject"] == "false"
    assert "mc anonymous set download store/mnist-input" in scripts["bucket-mnist-input"]
    assert "mc anonymous set private store/mnist-export" in scripts["bucket-mnist-export"]


def test_inception_is_a_custom_predictor_with_a_client_that_asks_it() -> None:
    (service,) = only("inception", "prod", "InferenceService")
    (server,) = service["spec"]["predictor"]["containers"]
    (job,) = only("inception", "prod", "Job")
    (client,) = job["spec"]["template"]["spec"]["containers"]
    (script,) = only("inception", "prod", "ConfigMap")

    assert (server["name"], server["args"][0]) == ("kserve-container", "--model_name=inception")
    assert client["env"][0]["value"] == "http://inception.models-prod.svc.cluster.local/v1/models/inception:predict"
    compile(script["data"]["classify.py"], "classify.py", "exec")


@pytest.mark.parametrize(
    ("environment", "port", "least"), [("dev", "grpc-port", 1), ("staging", "h2c", 0), ("prod", "h2c", 0)]
)
def test_fraud_detection_speaks_rest_and_grpc_and_sleeps_where_it_can(environment: str, port: str, least: int) -> None:
    services = {
        obj["metadata"]["name"]: obj["spec"]["predictor"]
        for obj in only("fraud-detection", environment, "InferenceService")
    }
    model: dict[str, Any] = services["fraud-detection-grpc"]["model"]

    assert services.keys() == {"fraud-detection", "fraud-detection-grpc"}
    assert (model["protocolVersion"], model["runtime"]) == ("v2", "kserve-mlserver")
    assert model["ports"] == [{"name": port, "containerPort": 9000, "protocol": "TCP"}]
    assert "ports" not in services["fraud-detection"]["model"]
    assert {predictor["minReplicas"] for predictor in services.values()} == {least}
    assert {predictor["serviceAccountName"] for predictor in services.values()} == {"fraud-detection"}


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_no_secret_stands_in_clear_outside_dev(environment: str) -> None:
    assert [only(application, environment, "Secret") for application in APPLICATIONS] == [[]] * 5
    assert "minio123" not in "".join(path.read_text() for path in REPOSITORY.glob(f"overlays/{environment}/**/*.yaml"))
