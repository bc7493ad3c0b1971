from gitops import Values, application


class AttributeValues(Values):
    replicas: int = 1


@application
def attribute(env, values: AttributeValues):
    return [values.replica]
