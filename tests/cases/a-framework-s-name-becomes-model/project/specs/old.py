from gitops import InferenceService, Model, application


@application
def old(env):
    return [InferenceService(name="flowers", tensorflow=Model(storage="gs://models/flowers", runtime_version="2.6.2"))]
