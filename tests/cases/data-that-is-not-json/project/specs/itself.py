from gitops import Manifest, application


@application
def itself(env):
    data = {}
    data["itself"] = data
    return [Manifest(api_version="v1", kind="ConfigMap", name="itself", fields={"data": data})]
