from gitops import Manifest, application


@application
def a_set(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="a-set", fields={"data": {"keys": {"b", "a"}}})]
