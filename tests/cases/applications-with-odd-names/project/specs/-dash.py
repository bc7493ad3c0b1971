from gitops import Manifest, application


@application
def dash(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="dash")]
