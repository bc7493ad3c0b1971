from gitops import Container, External, InferenceService, Manifest, application


@application
def pictures(env):
    """A policy is broken, a controller will fail, and an object that is named is not there."""
    server = Container(
        image="docker.io/example/pictures",
        env={"THRESHOLD": "0.5"},
        fields={"envFrom": [{"configMapRef": {"name": "pictures-settings"}}]},
    )
    settings = Manifest(api_version="v1", kind="ConfigMap", name="picture-settings", fields={"data": {"size": "64"}})
    return [
        InferenceService(
            name="pictures",
            containers=[server],
            service_account=External(kind="ServiceAccount", name="models"),
            annotations={"serving.kserve.io/enable-prometheus-scrapping": "true"},
        ),
        settings,
    ]
