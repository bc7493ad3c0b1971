import os

from gitops import application

REGION = os.environ["NO_SUCH_VARIABLE_HERE"]


@application
def at_import(env):
    return []
