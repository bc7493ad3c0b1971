from gitops import Manifest, application


@application
def a_b(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="one")]
