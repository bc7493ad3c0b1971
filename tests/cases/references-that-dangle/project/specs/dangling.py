from gitops import Bucket, InferenceService, KafkaSource, Manifest, Model, S3Credentials, ServiceAccount, Topic, application

DATA = Bucket(name="data")


@application
def dangling(env):
    credentials = S3Credentials(name="data", buckets=[DATA])
    account = ServiceAccount(name="runner", secrets=[credentials])
    model = InferenceService(
        name="iris",
        model=Model(format="sklearn", storage=DATA.uri("iris")),
        service_account=account,
    )
    events = KafkaSource(
        name="events",
        topics=[Topic(name="data", bucket=DATA)],
        sink=InferenceService(name="gone", model=Model(format="sklearn")),
    )
    settings = Manifest(
        api_version="v1",
        kind="ConfigMap",
        name="settings",
        fields={
            "data": {
                "bucket": DATA,
            }
        },
    )
    return [model, events, settings]
