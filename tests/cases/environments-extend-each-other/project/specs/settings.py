from gitops import Manifest, Values, application


class SettingsValues(Values):
    size: str = "none"
    place: str = "none"


@application
def settings(env, values: SettingsValues):
    data = {"size": values.size, "place": values.place, "brokers": ",".join(env.kafka.bootstrap_servers)}
    return [Manifest(api_version="v1", kind="ConfigMap", name="settings", fields={"data": data})]
