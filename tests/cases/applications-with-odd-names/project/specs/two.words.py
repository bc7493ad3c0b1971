from gitops import Manifest, application


@application
def two_words(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="two-words")]
