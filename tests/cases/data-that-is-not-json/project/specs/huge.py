from gitops import InferenceService, Model, application


@application
def huge(env):
    return [InferenceService(name="huge", model=Model(format="sklearn"), min_replicas=10**400, timeout=2**70)]
