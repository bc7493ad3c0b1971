from gitops import Secret, application


@application
def iris(env):
    return [Secret(name="token", keys=["token", "other"])]
