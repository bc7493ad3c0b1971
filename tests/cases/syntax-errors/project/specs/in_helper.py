from gitops import application
from specs._broken import x


@application
def in_helper(env):
    return x
