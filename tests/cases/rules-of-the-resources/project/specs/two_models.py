from gitops import InferenceService, Model, application


@application
def two_models(env):
    return [InferenceService(name="iris", model=Model(format="sklearn"), sklearn=Model(storage="gs://models/iris"))]
