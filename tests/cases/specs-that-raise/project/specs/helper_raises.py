from gitops import application
from specs._helpers import checked


@application
def helper_raises(env):
    return checked(-1)
