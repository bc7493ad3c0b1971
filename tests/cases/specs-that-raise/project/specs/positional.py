from gitops import Bucket, application


@application
def positional(env):
    return [Bucket("data")]
