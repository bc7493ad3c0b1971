from gitops import application


@application
def three(env, values, more):
    return []
