from gitops import application


@application
def unclosed(env):
    return [
