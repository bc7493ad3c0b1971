from gitops import Manifest, application


@application
def iris(env):
    names = ["one", "two"] if env.name == "base" else ["one", "two", "three"]
    return [Manifest(api_version="v1", kind="ConfigMap", name=name, fields={"data": {"name": name}}) for name in names]
