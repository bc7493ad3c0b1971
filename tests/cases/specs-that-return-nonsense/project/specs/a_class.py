from gitops import Bucket, application


@application
def a_class(env):
    return [Bucket]
