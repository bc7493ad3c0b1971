from gitops import application


@application()
def called(env):
    return []
