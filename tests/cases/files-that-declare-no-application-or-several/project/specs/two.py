from gitops import application


@application
def one(env):
    return []


@application
def two(env):
    return []
