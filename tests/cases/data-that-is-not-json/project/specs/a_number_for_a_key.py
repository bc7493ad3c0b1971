from gitops import Manifest, application


@application
def a_number_for_a_key(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="a-number-for-a-key", fields={"data": {1: "one"}})]
