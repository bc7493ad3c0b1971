from gitops import Environment, application


@application
def environment_attribute(env: Environment):
    return [env.names]
