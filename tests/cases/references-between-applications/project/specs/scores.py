from gitops import External, InferenceService, Model, application


@application
def scores(env):
    return [
        InferenceService(
            name="scores",
            model=Model(format="sklearn", storage="s3://scores/1"),
            service_account=External(kind="ServiceAccount", name="models-reader"),
        )
    ]
