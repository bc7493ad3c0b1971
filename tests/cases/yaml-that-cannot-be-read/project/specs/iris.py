from gitops import Manifest, Values, application


class IrisValues(Values):
    replicas: int = 1


@application
def iris(env, values: IrisValues):
    return [Manifest(api_version="v1", kind="ConfigMap", name="iris")]
