from gitops import InferenceService, Model, application


@application
def near(env):
    return [
        InferenceService(
            name="iris",
            model=Model(format="sklearn", storage="gs://models/iris"),
            min_replica=2,
        )
    ]
