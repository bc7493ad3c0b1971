from gitops import Container, InferenceService, application


@application
def pictures(env):
    return [InferenceService(name="pictures", containers=[Container(image="docker.io/example/pictures:latest")])]
