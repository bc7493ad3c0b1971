from gitops import Manifest, application


@application
def deep(env):
    data = {}
    for _ in range(5000):
        data = {"down": data}
    return [Manifest(api_version="v1", kind="ConfigMap", name="deep", fields={"data": data})]
