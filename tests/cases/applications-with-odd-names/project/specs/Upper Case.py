from gitops import Manifest, application


@application
def upper_case(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="upper-case")]
