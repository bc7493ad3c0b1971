from gitops import Bucket, InferenceService, Model, application


@application
def bucket_for_storage(env):
    bucket = Bucket(name="models")
    return [bucket, InferenceService(name="iris", model=Model(format="sklearn", storage=bucket))]
