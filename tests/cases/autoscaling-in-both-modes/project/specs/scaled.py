from gitops import InferenceService, Model, application


@application
def scaled(env):
    model = Model(format="sklearn", storage="gs://models/iris")
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}}
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 300}}
    return [
        InferenceService(
            name="concurrency",
            model=model,
            min_replicas=0 if env.scales_to_zero else 1,
            max_replicas=5,
            scale_metric="concurrency",
            scale_target=2,
            container_concurrency=4,
            timeout=60,
            deployment_mode="Knative",
        ),
        InferenceService(
            name="keda",
            model=model,
            min_replicas=1,
            max_replicas=5,
            autoscaler_class="keda",
            auto_scaling={"metrics": [metric], "behavior": behavior},
            deployment_mode="Standard",
            deployment_strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        ),
    ]
