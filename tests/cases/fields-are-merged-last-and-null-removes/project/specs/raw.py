from gitops import InferenceService, Model, application


@application
def raw(env):
    return [
        InferenceService(
            name="raw",
            model=Model(format="sklearn", storage="gs://models/raw", fields={"resources": {"limits": {"cpu": "0.5", "memory": None}}}),
            fields={
                "metadata": {"annotations": {"modelFormat": None, "example.com/raw": "yes"}},
                "spec": {"predictor": {"model": {"runtime": None, "storageUri": "gs://models/other"}, "containerConcurrency": 2}},
            },
        )
    ]
