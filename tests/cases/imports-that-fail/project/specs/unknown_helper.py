from gitops import application
from specs._helper import x


@application
def unknown_helper(env):
    return []
