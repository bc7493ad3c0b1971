from gitops import Values, application


class ReservedValues(Values):
    enabled: bool = True


@application
def reserved(env, values: ReservedValues):
    return []
