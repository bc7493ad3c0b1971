from gitops import ServiceAccount, application


@application
def secret_by_name(env):
    return [ServiceAccount(name="runner", secrets=["token"])]
