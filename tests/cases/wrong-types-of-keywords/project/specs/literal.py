from gitops import InferenceService, Logger, Model, application


@application
def literal(env):
    return [InferenceService(name="iris", model=Model(format="sklearn"), logger=Logger(mode="requests"))]
