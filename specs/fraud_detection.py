"""fraud-detection: one MLflow model, served over REST and over gRPC."""

from gitops import Environment, InferenceService, Model, S3Credentials, ServiceAccount, Values, application


class FraudDetectionValues(Values):
    """What may differ between environments."""

    model_uri: str
    """The model's folder among MLflow's artifacts, as MLflow shows it."""
    max_replicas: int = 2


@application
def fraud_detection(env: Environment, values: FraudDetectionValues):
    """Two services, because Knative allows a pod one port only: HTTP for one, gRPC for the other."""
    credentials = S3Credentials(name="fraud-detection-s3")
    account = ServiceAccount(name="fraud-detection", secrets=[credentials])

    def service(name: str, grpc: bool) -> InferenceService:
        return InferenceService(
            name=name,
            service_account=account,
            model=Model(
                format="mlflow", protocol_version="v2", storage=values.model_uri, grpc=grpc, cpu=1, memory="2Gi"
            ),
            min_replicas=0 if env.scales_to_zero else 1,
            max_replicas=values.max_replicas,
        )

    return [credentials, account, service("fraud-detection", grpc=False), service("fraud-detection-grpc", grpc=True)]
