from gitops import application


@application
def iris(env):
    return []
