from gitops import InferenceService, application


@application
def in_a_dict(env):
    return [InferenceService(name="iris", model={"format": "sklearn", "storag": "gs://models/iris"})]
