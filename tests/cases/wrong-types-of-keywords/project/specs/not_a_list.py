from gitops import Container, InferenceService, application


@application
def not_a_list(env):
    return [InferenceService(name="iris", containers=Container(image="example.com/x:1"))]
