from gitops import application


@application
def not_annotated(env, values):
    return []
