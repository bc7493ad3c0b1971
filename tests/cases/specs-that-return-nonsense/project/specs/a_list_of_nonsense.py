from gitops import Manifest, application


@application
def a_list_of_nonsense(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="fine"), None]
