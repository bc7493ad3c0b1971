from gitops import Manifest, application


@application
def iris(env):
    return [Manifest(api_version="example.com/v1", kind="Thing", name="iris")]
