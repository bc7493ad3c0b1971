from gitops import Manifest, application


@application
def nested(env):
    return [[Manifest(api_version="v1", kind="ConfigMap", name="fine")]]
