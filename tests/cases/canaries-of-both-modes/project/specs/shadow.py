from gitops import Canary, InferenceService, Model, application


@application
def shadow(env):
    new = Model(format="sklearn", storage="gs://models/iris/2")
    old = Model(format="sklearn", storage="gs://models/iris/1")
    if env.kserve.deployment_mode == "Knative":
        return [InferenceService(name="iris", model=new, canary_traffic_percent=10)]
    return [InferenceService(name="iris", model=old, canary=[Canary(name="next", traffic_percent=10, model=new)])]
