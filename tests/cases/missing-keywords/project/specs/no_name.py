from gitops import InferenceService, Model, application


@application
def no_name(env):
    return [InferenceService(model=Model(format="sklearn", storage="gs://models/iris"))]
