"""A MinIO server for development, inside the cluster: gone with its pod, and so are its buckets."""

from gitops import Bucket, Container, Environment, Manifest, Port, Resource, S3Credentials, SecretKey

NAME = "minio-service"
PORT = 9000
LABELS = {"app": NAME}


def minio(env: Environment, image: str, credentials: S3Credentials, buckets: list[Bucket]) -> list[Resource]:
    """Deployment and Service, with a Kafka target for each notification of the buckets."""
    server = Container(
        name="minio",
        image=image,
        args=("server", "/data"),
        env={
            "MINIO_ROOT_USER": SecretKey(secret=credentials, key="AWS_ACCESS_KEY_ID"),
            "MINIO_ROOT_PASSWORD": SecretKey(secret=credentials, key="AWS_SECRET_ACCESS_KEY"),
            **kafka_targets(env, buckets),
        },
        ports=(Port(name="s3", container_port=PORT),),
        cpu="250m",
        memory="512Mi",
        fields={
            "readinessProbe": {"httpGet": {"path": "/minio/health/ready", "port": "s3"}},
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        },
    )
    pod = {"containers": [server], "volumes": [{"name": "data", "emptyDir": {}}]}
    deployment = Manifest(
        api_version="apps/v1",
        kind="Deployment",
        name=NAME,
        fields={
            "spec": {
                "replicas": 1,
                "strategy": {"type": "Recreate"},
                "selector": {"matchLabels": LABELS},
                "template": {"metadata": {"labels": LABELS}, "spec": pod},
            }
        },
    )
    service = Manifest(
        api_version="v1",
        kind="Service",
        name=NAME,
        fields={
            "spec": {"selector": LABELS, "ports": [{"name": "s3", "port": PORT, "targetPort": "s3", "protocol": "TCP"}]}
        },
    )
    return [deployment, service]


def kafka_targets(env: Environment, buckets: list[Bucket]) -> dict[str, str]:
    """The server's settings for the Kafka topics that the buckets notify."""
    brokers = ",".join(env.kafka.bootstrap_servers) if env.kafka else ""
    settings: dict[str, str] = {}
    for notification in (each for bucket in buckets for each in bucket.notifications):
        target = notification.target_id
        settings |= {
            f"MINIO_NOTIFY_KAFKA_ENABLE_{target}": "on",
            f"MINIO_NOTIFY_KAFKA_BROKERS_{target}": brokers,
            f"MINIO_NOTIFY_KAFKA_TOPIC_{target}": notification.topic,
        }
    return settings
