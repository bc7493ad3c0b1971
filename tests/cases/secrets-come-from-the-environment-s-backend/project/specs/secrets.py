from gitops import S3Credentials, Secret, ServiceAccount, application


@application
def secrets(env):
    store = S3Credentials(name="store")
    token = Secret(name="token", keys=["token", "user"], remote={"user": "shared/users#name"}, secret_labels={"team": "ml"})
    return [store, token, ServiceAccount(name="runner", secrets=[store], image_pull_secrets=[token])]
