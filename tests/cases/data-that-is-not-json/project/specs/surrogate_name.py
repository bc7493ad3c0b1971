from gitops import Manifest, application


@application
def surrogate_name(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="\ud800")]
