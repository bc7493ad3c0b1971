from gitops import InferenceService, application


@application
def no_model(env):
    return [InferenceService(name="iris")]
