from gitops import application


@application
def keyword_only(env, *, values):
    return []
