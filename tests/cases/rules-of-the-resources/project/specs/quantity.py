from gitops import InferenceService, Model, application


@application
def quantity(env):
    return [InferenceService(name="iris", model=Model(format="sklearn", cpu="two"))]
