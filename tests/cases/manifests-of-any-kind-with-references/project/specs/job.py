from gitops import Bucket, Container, External, Manifest, S3Credentials, SecretKey, ServiceAccount, application


@application
def job(env):
    data = Bucket(name="data")
    credentials = S3Credentials(name="data", buckets=[data])
    account = ServiceAccount(name="trainer", secrets=[credentials])
    role = Manifest(
        api_version="rbac.authorization.k8s.io/v1",
        kind="ClusterRole",
        name=f"trainer-{env.name}",
        fields={"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]},
    )
    train = Container(
        name="train",
        image="example.com/train:1",
        env={"KEY": SecretKey(secret=credentials, key="AWS_ACCESS_KEY_ID"), "DATA": str(data.uri("in"))},
        args=["--out", "/out"],
        cpu=1,
        memory="1Gi",
    )
    pod = {"serviceAccountName": account, "restartPolicy": "Never", "containers": [train]}
    return [
        data,
        credentials,
        account,
        role,
        Manifest(api_version="batch/v1", kind="Job", name="train", namespace="training", fields={"spec": {"template": {"spec": pod}}}),
        Manifest(
            api_version="v1",
            kind="ConfigMap",
            name="places",
            annotations={"example.com/why": "references in data"},
            fields={"data": {"in": data.uri("in"), "bucket": data, "lake": External("lake")}},
        ),
    ]
