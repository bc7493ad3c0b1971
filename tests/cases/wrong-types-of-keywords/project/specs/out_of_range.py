from gitops import Container, InferenceService, Port, application


@application
def out_of_range(env):
    container = Container(image="example.com/x:1", ports=[Port(container_port=70000)])
    return [InferenceService(name="iris", containers=[container], min_replicas=-1)]
