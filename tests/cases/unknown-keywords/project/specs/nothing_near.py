from gitops import ServiceAccount, application


@application
def nothing_near(env):
    account = ServiceAccount(name="runner", zzz=1)
    return [account]
