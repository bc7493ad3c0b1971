from gitops import InferenceService, Manifest, Model, application


@application
def faults(env):
    return [
        Manifest(api_version="v1", kind="Secret", name="not-base64", fields={"data": {"key": "not base64!"}}),
        Manifest(api_version="v1", kind="ConfigMap", name="key", fields={"data": {"a b": "x"}}),
        Manifest(api_version="v1", kind="ConfigMap", name="label", labels={"not a label": "x"}),
        Manifest(api_version="v1", kind="ConfigMap", name="long", labels={"team": "x" * 64}),
        InferenceService(
            name="containers",
            model=Model(format="sklearn"),
            fields={"spec": {"canary": [], "predictor": {"containers": {}, "timeout": -1, "deploymentStrategy": {"type": 1}}}},
        ),
        Manifest(
            api_version="autoscaling/v2",
            kind="HorizontalPodAutoscaler",
            name="few",
            fields={"spec": {"scaleTargetRef": {"kind": "Deployment"}, "maxReplicas": 2**40}},
        ),
        Manifest(api_version="v1", kind="ConfigMap", name="control", fields={"data": {"text": "bell\x07", "tab": "\tfirst\nsecond"}}),
        Manifest(api_version="v1", kind="ConfigMap", name="annotated", annotations={"true": "x"}),
    ]
