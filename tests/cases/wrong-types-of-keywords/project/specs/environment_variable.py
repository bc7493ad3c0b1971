from gitops import Container, InferenceService, application


@application
def environment_variable(env):
    container = Container(
        image="example.com/x:1",
        env={"LEVEL": "info", "REPLICAS": 3},
    )
    return [InferenceService(name="iris", containers=[container])]
