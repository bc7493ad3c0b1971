from gitops import InferenceService, Model, application


@application
def union(env):
    return [InferenceService(name="iris", model=Model(format="sklearn", storage=42))]
