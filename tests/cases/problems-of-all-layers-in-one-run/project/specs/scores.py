from gitops import InferenceService, Model, Values, application


class ScoresValues(Values):
    timeout: int = 60
    path: str = "MODEL_PATH"


@application
def scores(env, values: ScoresValues):
    """The schema refuses a field, KServe's webhook a variable of prod, Knative its timeout; and the runtime is not there."""
    return [
        InferenceService(
            name="scores",
            model=Model(
                format="sklearn",
                runtime="kserve-sklearnserverr",
                storage="gs://example/scores/1",
                env={values.path: "/models"},
            ),
            timeout=values.timeout,
            fields={"spec": {"predictor": {"terminationGracePeriod": 30}}},
        )
    ]
