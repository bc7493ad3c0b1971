from gitops import Manifest, application


@application
def iris(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="iris")]
