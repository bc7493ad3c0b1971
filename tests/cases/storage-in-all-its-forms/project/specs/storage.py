from gitops import Bucket, External, InferenceService, Model, S3Credentials, ServiceAccount, Storage, StorageUri, application


def service(name, **keywords):
    return InferenceService(name=name, **keywords)


@application
def storage(env):
    models = Bucket(name="models")
    credentials = S3Credentials(name="models", buckets=[models])
    account = ServiceAccount(name="models", secrets=[credentials])
    adapters = [StorageUri(uri="hf://example/base"), StorageUri(uri=models.uri("adapter"), mount_path="/mnt/adapter")]
    return [
        models,
        credentials,
        account,
        service("bucket", model=Model(format="sklearn", storage=models.uri("iris", "/1/")), service_account=account),
        service("volume", model=Model(format="sklearn", storage="pvc://models/iris")),
        service("entry", model=Model(format="sklearn", storage=Storage(key="minio", path="iris", parameters={"bucket": "models"}))),
        service("several", model=Model(format="huggingface"), storage_uris=adapters, service_account=account),
        service("elsewhere", model=Model(format="sklearn", storage=External("lake").name and "s3://lake/iris")),
    ]
