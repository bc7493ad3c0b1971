from gitops import Manifest, application


@application
def none_for_a_key(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="none-for-a-key", fields={"data": {None: "one"}})]
