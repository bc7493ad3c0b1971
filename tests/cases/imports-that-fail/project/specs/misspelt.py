from gitops import Buket, application


@application
def misspelt(env):
    return []
