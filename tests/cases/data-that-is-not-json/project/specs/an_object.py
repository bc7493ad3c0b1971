from gitops import Manifest, application


@application
def an_object(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="an-object", fields={"data": {"key": object()}})]
