from gitops import Bucket, InferenceService, KafkaSource, Manifest, Model, Secret, Sink, Topic, application


@application
def needs(env):
    return [
        Bucket(name="data"),
        Secret(name="token", keys=["token"]),
        KafkaSource(name="events", topics=[Topic(name="events")], sink=Sink(uri="http://example.com")),
        InferenceService(name="unknown-runtime", model=Model(format="sklearn", runtime="kserve-sklearnservr")),
        InferenceService(name="no-runtime", model=Model(format="SKLearn", storage="gs://models/iris")),
        InferenceService(name="no-format", model=Model(storage="gs://models/iris")),
        Manifest(api_version="example.com/v1", kind="Thing", name="no-schema"),
        Manifest(api_version="apps/v1beta1", kind="Deployment", name="old-version"),
        Manifest(api_version="v1", kind="Configmap", name="misspelt"),
    ]
