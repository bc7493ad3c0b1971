from gitops import InferenceService, Model, Port, application


@application
def grpc(env):
    return [InferenceService(name="iris", model=Model(format="tensorflow", grpc=True, ports=[Port(container_port=9000)]))]
