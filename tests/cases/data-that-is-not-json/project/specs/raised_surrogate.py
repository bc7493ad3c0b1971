from gitops import application


@application
def raised_surrogate(env):
    raise ValueError("\ud800")
