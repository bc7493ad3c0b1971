from gitops import application
from specs._imports import x


@application
def inside_a_helper(env):
    return []
