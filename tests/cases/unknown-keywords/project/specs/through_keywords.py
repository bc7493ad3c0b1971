from gitops import InferenceService, Model, application

COMMON = {"min_replica": 1}


@application
def through_keywords(env):
    return [InferenceService(name="iris", model=Model(format="sklearn"), **COMMON)]
