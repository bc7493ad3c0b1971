from gitops import Manifest, application


@application
def surrogate_key(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="surrogate-key", fields={"data": {"\ud800": "text"}})]
