"""Manifest: any other object, with references and typed parts inside its fields."""

from __future__ import annotations

from gitops import Bucket, Container, External, InferenceService, Manifest, Model, S3Credentials, SecretKey
from tests.resources.making import attempt, one

RULES = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]


def test_a_namespaced_object_gets_the_namespace_and_a_cluster_scoped_one_none() -> None:
    role = Manifest(api_version="rbac.authorization.k8s.io/v1", kind="Role", name="r", fields={"rules": RULES})
    cluster_role = Manifest(
        api_version="rbac.authorization.k8s.io/v1", kind="ClusterRole", name="r", fields={"rules": RULES}
    )
    elsewhere = Manifest(api_version="v1", kind="ConfigMap", name="c", namespace="other")

    assert one(role)["metadata"] == {"name": "r", "namespace": "models"}
    assert one(cluster_role)["metadata"] == {"name": "r"}
    assert one(elsewhere)["metadata"] == {"name": "c", "namespace": "other"}


def test_typed_parts_inside_fields_become_plain_data() -> None:
    bucket = Bucket(name="models")
    credentials = S3Credentials(name="s3", buckets=[bucket])
    container = Container(
        name="train",
        image="example/train:1",
        cpu=2,
        memory="4096Mi",
        env={"KEY": SecretKey(secret=credentials, key="AWS_ACCESS_KEY_ID"), "OUT": str(bucket.uri("out"))},
    )
    fields = {
        "spec": {
            "template": {
                "spec": {"restartPolicy": "Never", "serviceAccountName": External("runner"), "containers": [container]}
            }
        }
    }
    job = Manifest(api_version="batch/v1", kind="Job", name="train", fields=fields)

    pod = one(job, bucket, credentials)["spec"]["template"]["spec"]

    assert pod["serviceAccountName"] == "runner"
    assert pod["containers"] == [
        {
            "name": "train",
            "image": "example/train:1",
            "env": [
                {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s3", "key": "AWS_ACCESS_KEY_ID"}}},
                {"name": "OUT", "value": "s3://models/out"},
            ],
            "resources": {"requests": {"cpu": "2", "memory": "4Gi"}, "limits": {"cpu": "2", "memory": "4Gi"}},
        }
    ]


def test_a_resource_inside_fields_is_a_reference_that_is_checked() -> None:
    script = Manifest(api_version="v1", kind="ConfigMap", name="script")
    user = Manifest(api_version="v1", kind="ConfigMap", name="user", fields={"data": {"uses": script}})

    assert one(user, script)["data"] == {"uses": "script"}
    assert [(problem.rule, at) for _, at, problem in _problems(user)] == [("dangling-reference", "fields.data.uses")]


def test_references_are_resolved_in_the_fields_of_containers_and_pods_too() -> None:
    settings = Manifest(api_version="v1", kind="ConfigMap", name="settings")
    model = Model(format="sklearn", storage="gs://m/1", fields={"envFrom": [{"configMapRef": {"name": settings}}]})
    service = InferenceService(
        name="m",
        model=model,
        volumes=[{"name": "s", "configMap": {"name": settings}}],
        pod={"priorityClassName": External("high")},
    )

    predictor = one(service, settings)["spec"]["predictor"]

    assert predictor["model"]["envFrom"] == [{"configMapRef": {"name": "settings"}}]
    assert predictor["volumes"] == [{"name": "s", "configMap": {"name": "settings"}}]
    assert predictor["priorityClassName"] == "high"
    assert [problem.rule for problem in attempt(service)[1]] == ["dangling-reference"] * 2


def test_quantities_in_fields_are_spelled_as_kubernetes_prints_them() -> None:
    claim = Manifest(
        api_version="v1",
        kind="PersistentVolumeClaim",
        name="models",
        fields={"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2048Mi"}}}},
    )

    assert one(claim)["spec"]["resources"] == {"requests": {"storage": "2Gi"}}


def _problems(resource: Manifest) -> list:  # type: ignore[type-arg]
    from gitops.resources.base import Context
    from tests.resources.making import environment

    context = Context("app", environment(), (resource,), lambda *_: "Namespaced", {})
    list(resource.objects(context))
    assert attempt(resource)[1]
    return context.problems
