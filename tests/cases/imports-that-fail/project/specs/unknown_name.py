from gitops import application
from specs._helpers import y


@application
def unknown_name(env):
    return []
