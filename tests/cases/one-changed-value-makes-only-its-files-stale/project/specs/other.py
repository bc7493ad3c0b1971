from gitops import Manifest, application


@application
def other(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="other", fields={"data": {"key": "value"}})]
