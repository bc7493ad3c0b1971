from gitops import Manifest, application


@application
def kustomization(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="kustomization")]
