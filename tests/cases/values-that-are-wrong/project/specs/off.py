from gitops import application


@application
def off(env):
    return []
