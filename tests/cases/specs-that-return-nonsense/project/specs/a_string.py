from gitops import application


@application
def a_string(env):
    return "iris"
