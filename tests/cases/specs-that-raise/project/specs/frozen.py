from gitops import Bucket, application


@application
def frozen(env):
    bucket = Bucket(name="data")
    bucket.name = "other"
    return [bucket]
