from gitops import application


@application
def nothing(env):
    pass
