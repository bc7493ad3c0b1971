from gitops import InferenceService, Model, Values, application


class ScoresValues(Values):
    mode: str = "Knative"


@application
def scores(env, values: ScoresValues):
    return [
        InferenceService(
            name="scores",
            model=Model(format="sklearn", storage="gs://example/scores/1"),
            annotations={"serving.kserve.io/deploymentMode": values.mode},
            fields={"spec": {"predictor": {"terminationGracePeriod": 30}}},
        )
    ]
