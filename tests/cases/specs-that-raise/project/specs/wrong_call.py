from gitops import application


def helper(a, b):
    return a, b


@application
def wrong_call(env):
    return helper(1)
