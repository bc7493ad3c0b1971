from gitops import InferenceService, application


@application
def model_for_text(env):
    return [InferenceService(name="iris", model="sklearn")]
