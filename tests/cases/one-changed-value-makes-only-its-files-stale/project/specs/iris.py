from gitops import InferenceService, Model, Values, application


class IrisValues(Values):
    replicas: int = 1


@application
def iris(env, values: IrisValues):
    return [InferenceService(name="iris", model=Model(format="sklearn", storage="gs://models/iris"), min_replicas=values.replicas)]
