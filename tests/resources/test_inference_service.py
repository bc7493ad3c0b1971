"""InferenceService: what is written is what KServe's webhook would leave alone."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gitops import (
    Bucket,
    Canary,
    Container,
    External,
    InferenceService,
    KafkaNotification,
    Logger,
    Manifest,
    Model,
    Port,
    S3Credentials,
    SecretKey,
    ServiceAccount,
    Storage,
    StorageUri,
    Transformer,
    Workers,
)
from gitops.resources.component import ArtExplainer, Batcher, Explainer
from gitops.resources.inference_service import FRAMEWORKS
from tests.resources.making import CRDS, attempt, environment, one

IRIS = "gs://kfserving-samples/models/sklearn/iris"
STANDARD = {"kserve": {"deployment_mode": "Standard"}}


def predictor(resource: InferenceService, *others: Any, **settings: Any) -> dict[str, Any]:
    found: dict[str, Any] = one(resource, *others, **settings)["spec"]["predictor"]
    return found


def test_states_mode_runtime_and_protocol_so_that_nothing_in_the_cluster_can_change_them() -> None:
    obj = one(InferenceService(name="iris", model=Model(format="sklearn", storage=IRIS)))

    assert obj["metadata"]["annotations"] == {"serving.kserve.io/deploymentMode": "Knative", "modelFormat": "sklearn"}
    assert obj["spec"]["predictor"]["model"] == {
        "modelFormat": {"name": "sklearn"},
        "runtime": "kserve-sklearnserver",
        "protocolVersion": "v1",
        "storageUri": IRIS,
    }


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_framework_by_its_old_field_is_written_as_model(framework: str) -> None:
    spec = predictor(InferenceService(name="old", **{framework: Model(storage=IRIS)}))

    assert framework not in spec
    assert spec["model"]["modelFormat"] == {"name": framework}


# kserve.md d.2: who serves what when no runtime is named
CHOSEN = [
    ("sklearn", None, "kserve-sklearnserver", "v1"),
    ("sklearn", "v2", "kserve-mlserver", "v2"),
    ("xgboost", None, "kserve-xgbserver", "v1"),
    ("lightgbm", "v2", "kserve-mlserver", "v2"),
    ("mlflow", None, "kserve-mlserver", "v2"),
    ("tensorflow", None, "kserve-tensorflow-serving", "v1"),
    ("tensorflow", "v2", "kserve-tritonserver", "v2"),
    ("tensorflow", "grpc-v1", "kserve-tensorflow-serving", "grpc-v1"),
    ("tensorflow", "grpc-v2", "kserve-tritonserver", "grpc-v2"),
    ("pytorch", None, "kserve-torchserve", "v1"),
    ("onnx", None, "kserve-tritonserver", "v2"),
    ("tensorrt", None, "kserve-tritonserver", "v2"),
    ("triton", None, "kserve-tritonserver", "v2"),
    ("huggingface", None, "kserve-huggingfaceserver", "v2"),
    ("huggingface", "v1", "kserve-huggingfaceserver", "v1"),
    ("vLLM", None, "kserve-vllmserver", "v2"),
    ("pmml", None, "kserve-pmmlserver", "v1"),
]


@pytest.mark.parametrize(("model_format", "protocol", "runtime", "written"), CHOSEN)
def test_the_runtime_is_the_one_that_kserve_would_choose(
    model_format: str, protocol: Any, runtime: str, written: str
) -> None:
    model = Model(format=model_format, protocol_version=protocol, storage=IRIS)

    spec = predictor(InferenceService(name="m", model=model))["model"]

    assert (spec["runtime"], spec["protocolVersion"]) == (runtime, written)


def test_a_format_that_nothing_serves_is_a_problem() -> None:
    _, problems = attempt(InferenceService(name="m", model=Model(format="mlflow", protocol_version="v1", storage=IRIS)))

    assert [problem.rule for problem in problems] == ["no-runtime"]


def test_only_runtimes_that_the_environment_has_are_chosen() -> None:
    iris = InferenceService(name="iris", model=Model(format="sklearn", storage=IRIS))

    spec = predictor(iris, kserve={"runtimes": ["kserve-mlserver"]})["model"]

    assert (spec["runtime"], spec["protocolVersion"]) == ("kserve-mlserver", "v2")


def test_a_runtime_by_name_must_be_one_of_the_environment() -> None:
    _, problems = attempt(
        InferenceService(name="m", model=Model(format="onnx", runtime="kserve-tritonsrver", storage=IRIS))
    )

    assert [(problem.rule, problem.hint) for problem in problems] == [
        ("unknown-runtime", "did you mean `kserve-tritonserver`?")
    ]


def test_a_runtime_may_be_an_object_of_the_application() -> None:
    runtime = Manifest(
        api_version="serving.kserve.io/v1alpha1",
        kind="ServingRuntime",
        name="mine",
        fields={
            "spec": {
                "supportedModelFormats": [{"name": "custom", "version": "1"}],
                "containers": [Container(name="kserve-container", image="example/server:1")],
            }
        },
    )
    service = InferenceService(name="m", model=Model(format="custom", runtime=runtime, storage=IRIS))

    assert predictor(service, runtime)["model"]["runtime"] == "mine"
    assert [problem.rule for problem in attempt(service)[1]] == ["dangling-reference"]


@pytest.mark.parametrize(
    ("settings", "port"),
    [
        ({}, {"name": "h2c", "containerPort": 9000, "protocol": "TCP"}),
        (STANDARD, {"name": "grpc-port", "containerPort": 9000, "protocol": "TCP"}),
    ],
)
def test_grpc_opens_the_port_of_the_runtime_under_the_name_of_the_mode(settings: Any, port: Any) -> None:
    service = InferenceService(name="m", model=Model(format="mlflow", protocol_version="v2", grpc=True, storage=IRIS))

    assert predictor(service, **settings)["model"]["ports"] == [port]


def test_a_grpc_protocol_opens_its_port_by_itself() -> None:
    service = InferenceService(name="m", model=Model(format="triton", protocol_version="grpc-v2", storage=IRIS))

    assert predictor(service)["model"]["ports"] == [{"name": "h2c", "containerPort": 9000, "protocol": "TCP"}]


def test_storage_in_all_its_forms() -> None:
    bucket = Bucket(name="models")
    credentials = S3Credentials(name="s3", buckets=[bucket])
    key = Storage(key="minio", path="mnist", parameters={"bucket": "models"})
    several = (
        StorageUri(uri=bucket.uri("a"), mount_path="/mnt/models/a"),
        StorageUri(uri="hf://org/b", mount_path="/mnt/models/b"),
    )

    def storage(**model: Any) -> Any:
        service = InferenceService(name="m", model=Model(format="sklearn", **model))
        return {
            name: value
            for name, value in predictor(service, bucket, credentials)["model"].items()
            if name.startswith("storage")
        }

    assert storage(storage=bucket.uri("mnist", "1")) == {"storageUri": "s3://models/mnist/1"}
    assert storage(storage="pvc://claim/path") == {"storageUri": "pvc://claim/path"}
    assert storage(storage=key) == {"storage": {"key": "minio", "path": "mnist", "parameters": {"bucket": "models"}}}
    uris = predictor(
        InferenceService(name="m", model=Model(format="huggingface"), storage_uris=several), bucket, credentials
    )
    assert uris["storageUris"] == [
        {"uri": "s3://models/a", "mountPath": "/mnt/models/a"},
        {"uri": "hf://org/b", "mountPath": "/mnt/models/b"},
    ]


def test_a_bare_path_is_no_storage() -> None:
    with pytest.raises(ValidationError, match=r"whole URI such as gs://bucket/path"):
        Model(format="sklearn", storage="models/iris")


def test_a_custom_predictor_has_the_name_and_amounts_that_the_webhook_would_add() -> None:
    service = InferenceService(
        name="m",
        containers=[Container(image="example/server:1", cpu="500m"), Container(name="proxy", image="example/proxy:1")],
    )

    first, second = predictor(service)["containers"]

    assert (first["name"], second["name"]) == ("kserve-container", "proxy")
    assert first["resources"] == {
        "requests": {"cpu": "500m", "memory": "2Gi"},
        "limits": {"cpu": "500m", "memory": "2Gi"},
    }
    assert "resources" not in second


def test_quantities_are_written_as_kubernetes_prints_them() -> None:
    model = Model(
        format="sklearn",
        storage=IRIS,
        cpu=0.5,
        memory="2048Mi",
        gpus=1,
        fields={"resources": {"limits": {"cpu": "1000m"}}},
    )

    assert predictor(InferenceService(name="m", model=model))["model"]["resources"] == {
        "requests": {"cpu": "500m", "memory": "2Gi", "nvidia.com/gpu": "1"},
        "limits": {"cpu": "1", "memory": "2Gi", "nvidia.com/gpu": "1"},
    }


def test_transformer_and_explainer_are_components_with_their_own_scaling_and_account() -> None:
    account = ServiceAccount(name="runner")
    obj = one(
        InferenceService(
            name="m",
            model=Model(format="sklearn", storage=IRIS),
            transformer=Transformer(
                container=Container(image="example/t:1", cpu="100m", memory="100Mi"),
                service_account=account,
                min_replicas=0,
            ),
            explainer=Explainer(art=ArtExplainer(config={"nb_classes": "10"}, storage_uri=IRIS)),
        ),
        account,
    )

    assert obj["spec"]["transformer"] == {
        "containers": [
            {
                "name": "kserve-container",
                "image": "example/t:1",
                "resources": {
                    "requests": {"cpu": "100m", "memory": "100Mi"},
                    "limits": {"cpu": "100m", "memory": "100Mi"},
                },
            }
        ],
        "minReplicas": 0,
        "serviceAccountName": "runner",
    }
    assert obj["spec"]["explainer"]["art"] == {
        "type": "SquareAttack",
        "storageUri": IRIS,
        "config": {"nb_classes": "10"},
    }


def test_every_extension_field_has_its_upstream_name() -> None:
    spec = predictor(
        InferenceService(
            name="m",
            model=Model(format="sklearn", storage=IRIS),
            min_replicas=1,
            max_replicas=4,
            scale_metric="concurrency",
            scale_target=5,
            container_concurrency=10,
            timeout=60,
            canary_traffic_percent=10,
            logger=Logger(mode="request", url="http://log"),
            batcher=Batcher(max_batch_size=32, max_latency=500),
            pod_labels={"team": "fraud"},
            pod_annotations={"a": "b"},
            node_selector={"disk": "ssd"},
            tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}],
            image_pull_secrets=[External("registry")],
            pod={"priorityClassName": "high", "terminationGracePeriodSeconds": 60},
        )
    )

    del spec["model"]
    assert spec == {
        "minReplicas": 1,
        "maxReplicas": 4,
        "scaleMetric": "concurrency",
        "scaleTarget": 5,
        "containerConcurrency": 10,
        "timeout": 60,
        "canaryTrafficPercent": 10,
        "logger": {"mode": "request", "url": "http://log"},
        "batcher": {"maxBatchSize": 32, "maxLatency": 500},
        "labels": {"team": "fraud"},
        "annotations": {"a": "b"},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
        "imagePullSecrets": [{"name": "registry"}],
        "priorityClassName": "high",
        "terminationGracePeriodSeconds": 60,
    }


def test_autoscaling_in_standard_mode() -> None:
    metrics = {
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
            }
        ]
    }
    obj = one(
        InferenceService(
            name="m", model=Model(format="sklearn", storage=IRIS), autoscaler_class="keda", auto_scaling=metrics
        ),
        **STANDARD,
    )

    assert obj["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] == "keda"
    assert obj["spec"]["predictor"]["autoScaling"] == metrics


def test_workers_choose_the_multinode_runtime() -> None:
    service = InferenceService(
        name="llm",
        model=Model(format="huggingface", storage="pvc://models/llama"),
        workers=Workers(pipeline_parallel_size=2, tensor_parallel_size=1),
        autoscaler_class="none",
    )

    spec = predictor(service, **STANDARD)

    assert spec["workerSpec"] == {"pipelineParallelSize": 2, "tensorParallelSize": 1}
    assert spec["model"]["runtime"] == "kserve-huggingfaceserver-multinode"


def test_a_canary_has_the_empty_model_name_that_its_schema_requires() -> None:
    service = InferenceService(
        name="m",
        model=Model(format="sklearn", storage=IRIS),
        canary=[Canary(name="next", traffic_percent=10, model=Model(format="sklearn", storage=f"{IRIS}/2"))],
    )

    (canary,) = one(service, **STANDARD)["spec"]["canary"]

    assert canary["trafficPercent"] == 10
    assert (canary["predictor"]["name"], canary["predictor"]["model"]["name"]) == ("next", "")


@pytest.mark.parametrize(
    ("release", "mode", "written"),
    [("0.20.0", "Standard", "Standard"), ("0.15.2", "Standard", "RawDeployment"), ("0.15.2", "Knative", "Serverless")],
)
def test_deployment_modes_are_spelled_for_the_release(release: str, mode: str, written: str) -> None:
    where = environment(crds=CRDS | {"kserve": release}, kserve={"deployment_mode": mode})
    service = InferenceService(name="m", model=Model(format="sklearn", storage=IRIS))
    from gitops.resources.base import Context

    (obj,) = service.objects(Context("app", where, (service,), lambda *_: "Namespaced", {}))

    assert obj["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == written
    assert ("modelFormat" in obj["metadata"]["annotations"]) == (release == "0.20.0")


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (Model(format="tensorflow", storage=IRIS), "/v1/models/m:predict"),
        (Model(format="mlflow", storage=IRIS), "/v2/models/m/infer"),
        (Model(format="sklearn", protocol_version="v2", storage=IRIS), "/v2/models/m/infer"),
    ],
)
def test_predictions_have_the_path_of_the_protocol(model: Model, path: str) -> None:
    assert InferenceService(name="m", model=model).predict_url().uri == path


@pytest.mark.parametrize(
    ("mode", "transformer", "host"),
    [("Knative", False, "m"), ("Standard", False, "m-predictor"), ("Standard", True, "m-transformer")],
)
def test_the_address_inside_the_cluster_depends_on_the_mode(mode: str, transformer: bool, host: str) -> None:
    parts = {"transformer": Transformer(container=Container(image="t"))} if transformer else {}
    service = InferenceService(name="m", model=Model(format="sklearn", storage=IRIS), **parts)

    assert service.address(environment(kserve={"deployment_mode": mode})) == f"http://{host}.models.svc.cluster.local"


def test_environment_variables_may_come_from_secrets() -> None:
    credentials = S3Credentials(name="s3")
    model = Model(
        format="sklearn", storage=IRIS, env={"A": "1", "TOKEN": SecretKey(secret=credentials, key="AWS_ACCESS_KEY_ID")}
    )

    spec = predictor(InferenceService(name="m", model=model), credentials)

    assert spec["model"]["env"] == [
        {"name": "A", "value": "1"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s3", "key": "AWS_ACCESS_KEY_ID"}}},
    ]


def test_fields_are_merged_last_and_null_removes() -> None:
    service = InferenceService(
        name="m",
        model=Model(format="sklearn", storage=IRIS),
        min_replicas=1,
        fields={"spec": {"predictor": {"minReplicas": None, "model": {"runtimeVersion": "v1"}}}},
    )

    spec = predictor(service)

    assert "minReplicas" not in spec
    assert spec["model"]["runtimeVersion"] == "v1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "exactly one of"),
        ({"model": Model(format="x"), "sklearn": Model()}, "found `model` and `sklearn`"),
        ({"model": Model(format="x"), "min_replicas": 3, "max_replicas": 2}, "max_replicas=2 is below min_replicas=3"),
        ({"model": Model(format="x"), "max_replicas": 0}, "greater than or equal to 1"),
        ({"model": Model(format="x"), "scale_metric": "qps"}, "'cpu', 'memory', 'concurrency' or 'rps'"),
        ({"model": Model(format="x"), "canary_traffic_percent": 101}, "less than or equal to 100"),
    ],
)
def test_what_kserve_would_refuse_is_refused_where_it_is_written(arguments: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        InferenceService(name="m", **arguments)


def test_grpc_and_ports_exclude_each_other() -> None:
    with pytest.raises(ValidationError, match="give either that or `ports`"):
        Model(format="mlflow", grpc=True, ports=[Port(container_port=9000)])


def test_a_topic_of_a_bucket_is_that_of_its_only_notification() -> None:
    assert Bucket(name="images", notifications=[KafkaNotification(topic="images")]).topic.name == "images"
    with pytest.raises(ValueError, match="notifies 0 topics"):
        _ = Bucket(name="images").topic
