from gitops import Manifest, application


def config(name):
    return Manifest(api_version="v1", kind="ConfigMap", name=name)


@application
def twice(env):
    return [
        Manifest(api_version="v1", kind="ConfigMap", name="same"),
        Manifest(
            api_version="v1",
            kind="ConfigMap",
            name="same",
        ),
        config("other"),
        config("other"),
    ]
