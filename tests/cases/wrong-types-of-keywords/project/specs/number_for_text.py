from gitops import InferenceService, Model, application


@application
def number_for_text(env):
    return [InferenceService(name=7, model=Model(format="sklearn"))]
