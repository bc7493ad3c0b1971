import gitops
from gitops import application


@application
def unknown_attribute(env):
    return [gitops.Buckt(name="data")]
