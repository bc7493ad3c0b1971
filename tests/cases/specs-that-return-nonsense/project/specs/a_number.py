from gitops import application


@application
def a_number(env):
    return 42
