from gitops import InferenceService, Model, application


@application
def replicas(env):
    return [InferenceService(name="iris", model=Model(format="sklearn"), min_replicas=3, max_replicas=2)]
