from gitops import application

from ._helpers import config


@application
def other(env):
    return [config("other", {"key": "value"})]
