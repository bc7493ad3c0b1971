from gitops import application


def again(depth):
    return again(depth + 1)


@application
def endless(env):
    return again(0)
