from gitops import application


@application
def not_values(env, values: dict):
    return []
