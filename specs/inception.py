"""inception: a TensorFlow-Serving server whose name, model and image are values, and a client that tries it out."""

from pathlib import Path

from gitops import Container, Environment, InferenceService, Manifest, Values, application

CLIENT = Path(__file__).with_name("_inception_client.py")


class InceptionValues(Values):
    """See and change these with `gitops values list inception` and `gitops values set inception image=… -e prod`."""

    name: str = "inception"
    model_path: str = "gs://kubeflow-models/inception"
    image: str = "docker.io/tensorflow/serving:2.18.0"
    replicas: int = 1
    client_image: str = "docker.io/library/python:3.13-slim"
    picture: str = "https://upload.wikimedia.org/wikipedia/commons/3/3a/Cat03.jpg"


@application
def inception(env: Environment, values: InceptionValues):
    """The server is a custom predictor: TensorFlow Serving reads the model's bucket by itself."""
    server = Container(
        image=values.image,
        command=["/usr/bin/tensorflow_model_server"],
        args=[
            f"--model_name={values.name}",
            f"--model_base_path={values.model_path}",
            "--port=9000",
            "--rest_api_port=8080",
        ],
        cpu=1,
        memory="2Gi",
    )
    model = InferenceService(name=values.name, containers=[server], min_replicas=values.replicas)
    script = Manifest(
        api_version="v1",
        kind="ConfigMap",
        name=f"{values.name}-client",
        fields={"data": {"classify.py": CLIENT.read_text(encoding="utf-8")}},
    )
    client = Container(
        name="classify",
        image=values.client_image,
        command=["python", "/client/classify.py"],
        env={"URL": f"{model.address(env)}/v1/models/{values.name}:predict", "PICTURE": values.picture},
        cpu="100m",
        memory="128Mi",
        fields={"volumeMounts": [{"name": "client", "mountPath": "/client"}]},
    )
    job = Manifest(
        api_version="batch/v1",
        kind="Job",
        name=f"{values.name}-client",
        # After every sync, the model is asked once; the sync fails if it does not answer.
        annotations={
            "argocd.argoproj.io/hook": "PostSync",
            "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation",
        },
        fields={
            "spec": {
                "backoffLimit": 4,
                "template": {
                    "spec": {
                        "restartPolicy": "Never",
                        "containers": [client],
                        "volumes": [{"name": "client", "configMap": {"name": script}}],
                    }
                },
            }
        },
    )
    return [model, script, job]
