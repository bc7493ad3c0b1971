from gitops import Model, application


@application
def a_part(env):
    return [Model(format="sklearn", storage="gs://models/iris")]
