from gitops import Bucket, application


@application
def bucket_name(env):
    return [Bucket(name="My_Bucket")]
