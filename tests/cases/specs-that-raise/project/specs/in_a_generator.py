from gitops import Manifest, application


@application
def in_a_generator(env):
    yield Manifest(api_version="v1", kind="ConfigMap", name="one")
    raise RuntimeError("half way")
