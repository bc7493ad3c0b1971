from gitops import InferenceService, Model, application


@application
def iris(env):
    return [InferenceService(name="iris", model=Model(format="sklearn", storge="gs://models/iris"))]
