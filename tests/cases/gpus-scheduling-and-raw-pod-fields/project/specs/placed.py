from gitops import Container, External, InferenceService, Model, application


@application
def placed(env):
    return [
        InferenceService(
            name="placed",
            model=Model(
                format="triton",
                storage="gs://models/placed",
                gpus=2,
                cpu=4,
                memory="16384Mi",
                requests={"ephemeral-storage": "1024Mi"},
                env={"LEVEL": "info", "NODE": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}},
                fields={"volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}]},
            ),
            service_account=External("runner"),
            image_pull_secrets=[External("registry")],
            node_selector={"accelerator": "a100"},
            tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
            volumes=[{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "2048Mi"}}],
            init_containers=[Container(image="example.com/warm:1")],
            pod={"priorityClassName": "serving", "enableServiceLinks": False},
            pod_labels={"tier": "gold"},
            pod_annotations={"example.com/note": "yes"},
        )
    ]
