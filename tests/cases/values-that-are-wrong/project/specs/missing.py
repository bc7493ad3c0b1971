from gitops import Values, application


class MissingValues(Values):
    image: str
    version: int


@application
def missing(env, values: MissingValues):
    return []
