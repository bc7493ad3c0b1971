from gitops import Manifest, application


@application
def one(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="shared")]
