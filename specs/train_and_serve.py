"""train-and-serve: a training run reads one bucket and exports to another, from which the model is served."""

from gitops import Bucket, Environment, InferenceService, Model, S3Credentials, ServiceAccount, Values, application


class TrainAndServeValues(Values):
    """What may differ between environments."""

    model_name: str = "mnist"
    export_bucket: str = "mnist-export"
    min_replicas: int = 1


@application
def train_and_serve(env: Environment, values: TrainAndServeValues):
    """Both buckets, the credentials for them, and the model that the training exports.

    The tutorial's Secret has the key `awsAccessKeyID`: a stock KServe skips a Secret without AWS_SECRET_ACCESS_KEY, says
    nothing, and fetches without credentials. S3Credentials writes the keys that it does read.
    """
    inputs = Bucket(name="mnist-input", anonymous="download")
    exports = Bucket(name=values.export_bucket)
    credentials = S3Credentials(name="train-and-serve-s3", buckets=[inputs, exports])
    # The namespace's own account, so that training pods, which name none, have the credentials too.
    account = ServiceAccount(name="default", secrets=[credentials])
    model = InferenceService(
        name=f"{values.model_name}-trained",
        service_account=account,
        model=Model(format="tensorflow", storage=exports.uri(values.model_name)),
        min_replicas=values.min_replicas,
        annotations={"sidecar.istio.io/inject": "false"},
    )
    return [inputs, exports, credentials, account, model]
