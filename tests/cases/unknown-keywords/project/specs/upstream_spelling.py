from gitops import InferenceService, Model, application


@application
def upstream_spelling(env):
    return [InferenceService(name="iris", model=Model(format="sklearn", storage="gs://models/iris"), minReplicas=2)]
