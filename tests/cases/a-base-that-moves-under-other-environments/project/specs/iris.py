from gitops import Manifest, Values, application


class IrisValues(Values):
    level: str = "info"


@application
def iris(env, values: IrisValues):
    return [Manifest(api_version="v1", kind="ConfigMap", name="iris", fields={"data": {"level": values.level}})]
