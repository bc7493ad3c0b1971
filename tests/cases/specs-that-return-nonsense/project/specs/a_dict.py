from gitops import application


@application
def a_dict(env):
    return {"kind": "ConfigMap"}
