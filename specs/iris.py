"""iris: the smallest model service, a scikit-learn classifier from a public bucket."""

from gitops import Environment, InferenceService, Model, Values, application


class IrisValues(Values):
    """What may differ between environments."""

    min_replicas: int = 1


@application
def iris(env: Environment, values: IrisValues):
    """KServe's first example. `sklearn=` is the tutorial's spelling; it is written as `model`, as KServe itself would."""
    return [
        InferenceService(
            name="sklearn-iris",
            sklearn=Model(storage="gs://kfserving-samples/models/sklearn/iris"),
            min_replicas=values.min_replicas,
        )
    ]
