from gitops import Manifest, application


@application
def size(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="size")]
