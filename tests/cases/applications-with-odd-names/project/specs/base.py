from gitops import Manifest, application


@application
def base(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="base")]
