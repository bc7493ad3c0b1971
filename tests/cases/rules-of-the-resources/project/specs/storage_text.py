from gitops import InferenceService, Model, application


@application
def storage_text(env):
    return [InferenceService(name="iris", model=Model(format="sklearn", storage="models/iris"))]
