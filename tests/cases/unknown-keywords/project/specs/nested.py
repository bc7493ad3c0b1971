from gitops import InferenceService, Model, application


@application
def nested(env):
    return [InferenceService(name="iris", model=Model(format="sklearn", storag="gs://models/iris"))]
