from gitops import Manifest, application


@application
def environment(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="environment")]
