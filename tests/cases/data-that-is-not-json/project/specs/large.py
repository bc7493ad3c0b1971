from gitops import InferenceService, Model, application


@application
def large(env):
    return [InferenceService(name="large", model=Model(format="sklearn"), fields={"spec": {"predictor": {"timeout": 2**53 + 1}}})]
