from gitops import application


@application
def none(env):
    return env.object_store.endpoint
