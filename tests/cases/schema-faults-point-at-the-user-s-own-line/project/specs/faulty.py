from gitops import Container, InferenceService, Manifest, Model, Values, application
from specs._helpers import deployment


class FaultyValues(Values):
    level: str = "info"
    replicas: str = "1"
    team: str = "a"


@application
def faulty(env, values: FaultyValues):
    ports = [{"port": "http"}]
    return [
        Manifest(
            api_version="v1",
            kind="Service",
            name="misspelt",
            fields={
                "spec": {
                    "selectr": {"app": "x"},
                    "ports": ports,
                }
            },
        ),
        InferenceService(
            name="iris",
            model=Model(
                format="sklearn",
                storage="gs://models/iris",
                fields={"imagePullPolicy": "Sometimes", "volumeMount": []},
            ),
            fields={"spec": {"predictor": {"minReplicas": "two"}}},
        ),
        deployment("helped"),
        Manifest(api_version="apps/v1", kind="Deployment", name="replicas", fields={"spec": {"replicas": values.replicas}}),
        InferenceService(
            name="placed",
            model=Model(format="sklearn"),
            pod={"terminationGracePeriodSecond": 30},
            tolerations=[{"key": "gpu", "operater": "Exists"}],
            labels={"team": values.team},
        ),
        Manifest(api_version="v1", kind="ConfigMap", name="Not_A_Name", fields={"data": {"level": values.level}}),
        Manifest(api_version="v1", kind="ConfigMap", name="number", fields={"data": {"number": 1}}),
    ]
