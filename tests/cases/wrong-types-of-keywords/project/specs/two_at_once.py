from gitops import InferenceService, Model, application


@application
def two_at_once(env):
    return [
        InferenceService(
            name="iris",
            model=Model(format="sklearn"),
            min_replicas="two",
            stop="maybe",
        )
    ]
