from gitops import InferenceService, Model, application


@application
def account_by_name(env):
    return [InferenceService(name="iris", model=Model(format="sklearn"), service_account="runner")]
