from gitops import Environment, InferenceService, Model, Values, application


class IrisValues(Values):
    version: str
    replicas: int = 1
    labels: dict[str, str] = {}


@application
def iris(env: Environment, values: IrisValues):
    model = Model(format="sklearn", storage=f"gs://models/iris/{values.version}")
    return [InferenceService(name="iris", model=model, min_replicas=values.replicas, labels=values.labels)]
