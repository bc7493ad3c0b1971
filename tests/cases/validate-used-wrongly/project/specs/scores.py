from gitops import InferenceService, Model, application


@application
def scores(env):
    return [InferenceService(name="scores", model=Model(format="sklearn", storage="gs://example/scores/1"))]
