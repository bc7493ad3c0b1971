from gitops import Manifest, application

print("loading")


@application
def chatty(env):
    print("in", env.name)
    return [Manifest(api_version="v1", kind="ConfigMap", name="chatty")]
