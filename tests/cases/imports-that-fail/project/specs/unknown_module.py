import numpie

from gitops import application


@application
def unknown_module(env):
    return []
