from gitops import Manifest, application


@application
def no_kind(env):
    return [
        Manifest(
            name="settings",
        )
    ]
