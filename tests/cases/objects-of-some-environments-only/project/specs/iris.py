from gitops import InferenceService, Manifest, Model, application


@application
def iris(env):
    yield InferenceService(name="iris", model=Model(format="sklearn", storage="gs://models/iris"))
    if env.name == "dev":
        yield Manifest(api_version="v1", kind="ConfigMap", name="only-in-dev", fields={"data": {"debug": "yes"}})
    if env.name != "prod":
        yield Manifest(api_version="v1", kind="ConfigMap", name="not-in-prod", fields={"data": {"level": "info"}})
