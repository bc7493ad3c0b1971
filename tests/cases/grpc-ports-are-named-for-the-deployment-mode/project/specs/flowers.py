from gitops import InferenceService, Model, application


@application
def flowers(env):
    return [InferenceService(name="flowers", model=Model(format="tensorflow", storage="gs://models/flowers", protocol_version="grpc-v1"))]
