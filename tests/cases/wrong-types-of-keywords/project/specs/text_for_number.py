from gitops import InferenceService, Model, application


@application
def text_for_number(env):
    return [InferenceService(name="iris", model=Model(format="sklearn"), min_replicas="two")]
