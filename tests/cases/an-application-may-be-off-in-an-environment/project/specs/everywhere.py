from gitops import Manifest, application


@application
def everywhere(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="everywhere", fields={"data": {"environment": env.name}})]
