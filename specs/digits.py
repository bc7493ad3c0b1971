"""digits: images dropped in a bucket are classified as they arrive."""

from gitops import (
    Bucket,
    Container,
    Environment,
    InferenceService,
    KafkaNotification,
    KafkaSource,
    Manifest,
    Model,
    S3Credentials,
    ServiceAccount,
    Transformer,
    Values,
    application,
)
from specs._minio import minio


class DigitsValues(Values):
    """What may differ between environments."""

    transformer_image: str
    model_version: int = 1
    min_replicas: int = 1
    minio_image: str = ""
    """Image of a MinIO server of our own, for development; empty where the environment has an object store."""


@application
def digits(env: Environment, values: DigitsValues):
    """Bucket → Kafka topic → KafkaSource → transformer → model, which sorts the image into the second bucket."""
    images = Bucket(name="mnist", notifications=[KafkaNotification(topic="mnist", events=["put"], suffix=".png")])
    results = Bucket(name="digits")
    credentials = S3Credentials(name="mnist-s3", buckets=[images, results])
    account = ServiceAccount(name="mnist", secrets=[credentials])
    model = InferenceService(
        name="mnist",
        service_account=account,
        model=Model(format="tensorflow", storage=images.uri("models", str(values.model_version))),
        transformer=Transformer(
            container=Container(image=values.transformer_image, cpu="100m", memory="100Mi"),
            service_account=account,
            min_replicas=values.min_replicas,
        ),
        min_replicas=values.min_replicas,
    )
    events = KafkaSource(
        name="mnist-images", topics=[images.topic], sink=model.predict_url(), consumer_group="knative-group"
    )
    development = minio(env, values.minio_image, credentials, [images, results]) if values.minio_image else []
    return [images, results, credentials, account, model, events, ADDRESSABLE, *development]


# Knative finds out the address of a sink through this role. Its informer lists as well as watches: without `list`, the
# KafkaSource never gets a sink, which is what the tutorial's two verbs lead to.
ADDRESSABLE = Manifest(
    api_version="rbac.authorization.k8s.io/v1",
    kind="ClusterRole",
    name="inferenceservice-addressable-resolver",
    labels={"duck.knative.dev/addressable": "true"},
    fields={
        "rules": [
            {
                "apiGroups": ["serving.kserve.io"],
                "resources": ["inferenceservices", "inferenceservices/status"],
                "verbs": ["get", "list", "watch"],
            }
        ]
    },
)
