from gitops import ServiceAccount, application


@application
def size(env):
    return [ServiceAccount(labels={"größe": "später"}, nam="x")]
