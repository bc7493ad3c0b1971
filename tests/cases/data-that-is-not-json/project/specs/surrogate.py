from gitops import Manifest, application


@application
def surrogate(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="surrogate", fields={"data": {"text": "\ud800"}})]
