import sys

from gitops import application


@application
def exits(env):
    sys.exit(0)
