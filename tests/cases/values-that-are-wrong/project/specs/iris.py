from typing import Literal

from gitops import InferenceService, Model, Values, application


class IrisValues(Values):
    version: str
    replicas: int = 1
    size: Literal["small", "large"] = "small"
    labels: dict[str, str] = {}
    topics: tuple[str, ...] = ()
    image: str | None = None


@application
def iris(env, values: IrisValues):
    return [InferenceService(name="iris", model=Model(format="sklearn"), min_replicas=values.replicas, labels=values.labels)]
