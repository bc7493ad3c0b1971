"""What the API server itself refuses of core kinds; each row was checked against one (Kubernetes 1.34)."""

from __future__ import annotations

import base64
import csv
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gitops.objects import Object
from gitops.rules.base import Layer, Rule
from gitops.rules.core_settled import settled
from gitops.rules.crontab import crontab
from gitops.rules.judge import Bench, faults
from gitops.rules.table import RULES
from tests.rules.judged import CASES, Edit, broken, cluster, edited

CORE: tuple[Rule, ...] = tuple(rule for rule in RULES if rule.judge.__module__.startswith("gitops.rules.core_"))
HERE = " ".join(sorted({rule.judge.__module__.rpartition(".")[2] for rule in CORE}))
ADMISSION: tuple[Layer, ...] = ("admission",)
C = "spec.template.spec.containers.0"

GOOD: dict[str, Object] = {
    obj["kind"]: obj
    for obj in yaml.safe_load_all(
        """
apiVersion: v1
kind: Secret
metadata: {name: store}
stringData: {key: one}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {model: one}
---
apiVersion: batch/v1
kind: Job
metadata: {name: load}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: load, image: "load:1"}]
      volumes: [{name: models, emptyDir: {}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: front}
spec:
  selector: {matchLabels: {app: front}}
  template:
    metadata: {labels: {app: front, tier: web}}
    spec:
      containers: [{name: front, image: "front:1"}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  serviceName: store
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec:
      containers: [{name: store, image: "store:1", volumeMounts: [{name: data, mountPath: /data}]}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: front}
spec: {selector: {app: front}, ports: [{port: 80}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: models}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{kind: ServiceAccount, name: loader, namespace: models}]
"""
    )
}

REFUSED: list[tuple[str, Edit, str]] = [
    ("Secret", {"stringData.[a/b]": "x"}, "data-form"),
    ("Secret", {"stringData.[..]": "x"}, "data-form"),
    ("Secret", {"type": "kubernetes.io/basic-auth"}, "secret-keys-of-type"),
    ("Secret", {"type": "kubernetes.io/ssh-auth", "stringData.ssh-privatekey": ""}, "secret-keys-of-type"),
    ("Secret", {"type": "kubernetes.io/service-account-token"}, "secret-keys-of-type"),
    ("Secret", {"type": "kubernetes.io/dockercfg", "stringData.[.dockercfg]": "[]"}, "docker-config-readable"),
    ("Secret", {"type": "kubernetes.io/dockercfg", "stringData.[.dockercfg]": "{a: 1}"}, "docker-config-readable"),
    ("ConfigMap", {"binaryData.model": "Cg=="}, "data-form"),
    ("ConfigMap", {"data.large": "x" * (1 << 20)}, "data-form"),
    ("Job", {"spec.template.spec.containers": []}, "containers-complete"),
    ("Job", {"spec.template.spec.containers": [None]}, "containers-complete"),
    ("Job", {f"{C}.image": ""}, "containers-complete"),
    ("Job", {f"{C}.name": "Load"}, "containers-complete"),
    ("Job", {"spec.template.spec.initContainers": [{"name": "load", "image": "a"}]}, "containers-complete"),
    ("Job", {"spec.template.spec.restartPolicy": "Always"}, "pod-restart-policy"),
    ("Job", {f"{C}.resources.limits.memoyr": "1Gi"}, "resource-names-known"),
    ("Job", {f"{C}.resources.limits.gpu": 1}, "resource-names-known"),
    ("Job", {f"{C}.resources.requests": {"cpu": "-1"}}, "pod-amounts"),
    ("Job", {f"{C}.resources": {"requests": {"cpu": 2}, "limits": {"cpu": "1900m"}}}, "pod-amounts"),
    ("Job", {f"{C}.resources.requests": {"nvidia.com/gpu": 1}}, "pod-amounts"),
    ("Job", {f"{C}.resources.limits": {"nvidia.com/gpu": "500m"}}, "pod-amounts"),
    ("Job", {f"{C}.env": [None]}, "variable-named"),
    ("Job", {f"{C}.env": [{"name": "A", "valueFrom": {}}]}, "variable-source"),
    ("Job", {f"{C}.env": [{"name": "A", "valueFrom": {"secretKeyRef": {"key": "a"}}}]}, "variable-source"),
    ("Job", {f"{C}.envFrom": [{"prefix": "A"}]}, "variable-source"),
    ("Job", {f"{C}.ports": [{"containerPort": 70000}]}, "container-ports"),
    ("Job", {f"{C}.ports": [{"containerPort": 80, "protocol": "tcp"}]}, "container-ports"),
    ("Job", {f"{C}.livenessProbe": {}}, "probe-form"),
    ("Job", {f"{C}.lifecycle": {"preStop": {"sleep": {"seconds": 31}}}}, "probe-form"),
    ("Job", {f"{C}.volumeMounts": [{"name": "model", "mountPath": "/a"}]}, "mounts-name-volumes"),
    (
        "Job",
        {f"{C}.volumeMounts": [{"name": "models", "mountPath": "/a", "subPath": "../b"}]},
        "mounts-name-volumes",
    ),
    ("Job", {"spec.template.spec.volumes.0.configMap": {"name": "a"}}, "volumes-named"),
    ("Job", {"spec.template.spec.volumes": [{"name": "a", "secret": {}}]}, "volume-source-complete"),
    ("Job", {"spec.template.spec.tolerations": [{"operator": "Equal"}]}, "toleration-form"),
    ("Job", {"spec.template.spec.hostname": "a.b"}, "pod-names-form"),
    ("Job", {f"{C}.securityContext.runAsUser": -1}, "security-context-form"),
    ("Job", {"spec.selector.matchLabels.app": "load"}, "job-selector"),
    ("Job", {"spec.template.metadata.labels.controller-uid": "1"}, "job-selector"),
    ("Job", {"spec.completionMode": "Indexed", "spec.parallelism": 2}, "job-counts"),
    ("Deployment", {"spec.template.metadata.labels": {"tier": "web"}}, "selector-matches-template"),
    ("Deployment", {"spec.selector": {}}, "selector-matches-template"),
    ("Deployment", {"spec.strategy.rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}, "update-strategy"),
    ("Deployment", {"spec.strategy.rollingUpdate.maxSurge": "1"}, "update-strategy"),
    ("Deployment", {"spec.minReadySeconds": 600}, "workload-form"),
    ("StatefulSet", {"spec.volumeClaimTemplates.0.spec.accessModes": []}, "claim-complete"),
    ("StatefulSet", {"spec.volumeClaimTemplates.0.metadata.name": "other"}, "mounts-name-volumes"),
    ("Service", {"spec.ports": []}, "service-ports"),
    ("Service", {"spec.ports.0.nodePort": 30080}, "service-ports"),
    ("Service", {"spec.ports.0.port": 0}, "service-ports"),
    ("Service", {"spec.loadBalancerClass": "a/b"}, "service-type-fields"),
    ("Service", {"spec.externalIPs": ["127.0.0.1"]}, "service-addresses"),
    ("PersistentVolumeClaim", {"spec.resources.requests.storage": "0"}, "claim-complete"),
    ("PersistentVolumeClaim", {"spec.accessModes": ["ReadWriteSometimes"]}, "claim-complete"),
    ("ClusterRole", {"rules.0.apiGroups": []}, "role-rules-complete"),
    ("ClusterRole", {"rules": [None]}, "role-rules-complete"),
    ("ClusterRoleBinding", {"subjects.0.namespace": None}, "binding-complete"),
    ("ClusterRoleBinding", {"roleRef.kind": "Role"}, "binding-complete"),
]

TAKEN: list[tuple[str, Edit]] = [
    *((kind, {}) for kind in GOOD),
    ("Secret", {"type": "kubernetes.io/basic-auth", "stringData.password": ""}),
    ("Secret", {"type": "kubernetes.io/dockercfg", "stringData.[.dockercfg]": "null"}),
    ("Secret", {"type": "any/thing"}),
    ("ConfigMap", {"data.model": "x" * (1 << 20)}),
    ("ConfigMap", {"data.[.a]": "x"}),
    ("Job", {"spec.parallelism": 0}),
    ("Job", {"spec.template.metadata.labels.job-name": "load"}),
    ("Job", {"spec.template.spec.volumes": [{"name": "scratch"}]}),
    ("Job", {f"{C}.image": " load"}),
    ("Job", {f"{C}.resources": {"requests": {"cpu": "1.0001"}, "limits": {"cpu": "1001m"}}}),
    ("Job", {f"{C}.resources.limits": {"nvidia.com/gpu": 1, "hugepages-2Mi": "4Mi", "memory": "1Gi"}}),
    ("Job", {f"{C}.env": [{"name": "with blanks & more"}]}),
    ("Job", {f"{C}.livenessProbe": {"exec": {"command": ["a"]}, "timeoutSeconds": 0, "successThreshold": 0}}),
    ("Job", {f"{C}.lifecycle": {"preStop": {"sleep": {"seconds": 30}}}}),
    ("Job", {"spec.template.spec.tolerations": [{"operator": "Exists"}]}),
    ("Deployment", {"spec.strategy.rollingUpdate": {"maxSurge": "150%", "maxUnavailable": 0}}),
    ("Deployment", {"spec.replicas": None, "spec.template.spec.restartPolicy": "Always"}),
    ("Service", {"spec.ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b", "protocol": "UDP"}]}),
    ("Service", {"spec.clusterIP": "None", "spec.ports": None}),
    ("Service", {"spec.externalIPs": ["1.2.3.04"]}),
    ("PersistentVolumeClaim", {"spec.storageClassName": ""}),
    ("ClusterRole", {"rules": [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]}),
    ("ClusterRoleBinding", {"subjects": []}),
]

KEPT: list[tuple[str, Edit, Edit, set[str]]] = [
    ("Secret", {"immutable": True}, {"stringData.key": "two"}, {"immutable-data-kept"}),
    ("Secret", {"immutable": True}, {"stringData": None, "data.key": "b25l"}, set()),
    ("Secret", {}, {"type": "other"}, {"secret-type-kept"}),
    ("Deployment", {}, {"spec.selector.matchLabels": {"tier": "web"}}, {"selector-kept"}),
    ("Deployment", {}, {f"{C}.image": "front:2"}, set()),
    ("Job", {}, {f"{C}.image": "load:2"}, {"job-kept"}),
    ("Job", {}, {f"{C}.imagePullPolicy": "IfNotPresent", "spec.backoffLimit": 2}, set()),
    ("Job", {"spec.template.metadata.labels.controller-uid": "1"}, {}, set()),
    ("Job", {"spec.selector.matchLabels.controller-uid": "1"}, {}, set()),
    ("Job", {}, {"spec.completions": 2}, {"job-kept"}),
    ("Job", {}, {"spec.completions": 1}, set()),
    ("Job", {"spec.suspend": True}, {"spec.template.spec.nodeSelector.a": "b"}, set()),
    ("Job", {}, {"spec.template.spec.nodeSelector.a": "b"}, {"job-kept"}),
    ("Job", {f"{C}.image": "load"}, {f"{C}.image": "load", f"{C}.imagePullPolicy": "Always"}, set()),
    ("Job", {f"{C}.image": "load"}, {f"{C}.image": "load", f"{C}.imagePullPolicy": "Never"}, {"job-kept"}),
    ("StatefulSet", {}, {"spec.serviceName": "other"}, {"stateful-set-kept"}),
    ("StatefulSet", {}, {"spec.volumeClaimTemplates.0.spec.volumeMode": "Filesystem"}, set()),
    ("PersistentVolumeClaim", {}, {"spec.resources.requests.storage": "5Gi"}, {"claim-kept"}),
    ("PersistentVolumeClaim", {"spec.volumeName": "pv"}, {"spec.resources.requests.storage": "20Gi"}, set()),
    ("Service", {}, {"spec.clusterIP": "None"}, {"service-kept"}),
    ("ClusterRoleBinding", {}, {"roleRef.name": "other"}, {"role-ref-kept"}),
]

SCHEDULES = {
    **dict.fromkeys(
        ("* * * * *", "*/5 0-6 1,15 JAN-mar mon", "? ? * * ?", "@hourly", "@every 5m", "5/2 * * * *"), True
    ),
    **dict.fromkeys(("* * * *", "* * * * * *", "60 * * * *", "* * 0 * *", "* * * * 7", "5-1 * * * *"), False),
    **dict.fromkeys(("*/0 * * * *", "H * * * *", "@noon", "@every x", "1-2-3 * * * *", "1/2/3 * * * *"), False),
}


def changed(kind: str, edit: Edit) -> Object:
    """Keys with dots of their own stand in `[…]`."""
    plain = {path: value for path, value in edit.items() if "[" not in path}
    made = edited(GOOD[kind], plain)
    for path, value in edit.items():
        if "[" in path:
            field, _, key = path.partition(".[")
            made[field] = {**made[field], key.removesuffix("]"): value}
    return made


@pytest.mark.parametrize(("kind", "edit", "rule"), REFUSED, ids=[f"{row[2]}-{i}" for i, row in enumerate(REFUSED)])
def test_what_the_api_server_refuses_is_told(kind: str, edit: Edit, rule: str) -> None:
    assert broken(changed(kind, edit), only=HERE) == {rule}


@pytest.mark.parametrize(("kind", "edit"), TAKEN, ids=[f"{row[0]}-{i}" for i, row in enumerate(TAKEN)])
def test_what_it_takes_is_right(kind: str, edit: Edit) -> None:
    assert broken(changed(kind, edit), only=HERE) == set()


@pytest.mark.parametrize(("kind", "before", "after", "rules"), KEPT)
def test_a_change_is_refused_where_a_field_never_changes(kind: str, before: Edit, after: Edit, rules: set[str]) -> None:
    old, new = changed(kind, before), changed(kind, {**({} if "controller-uid" in str(before) else before), **after})
    where = cluster(new)
    found = faults(new, where, Bench(CORE, where.environment, ADMISSION), old)

    assert {fault.rule for fault in found} == rules


@pytest.mark.parametrize(("text", "good"), SCHEDULES.items())
def test_schedules_are_read_as_kubernetes_reads_them(text: str, good: bool) -> None:
    assert (crontab(text) == "") is good


def test_no_value_of_a_secret_is_quoted() -> None:
    hidden = "hunter2-hunter2"
    encoded = base64.b64encode(hidden.encode()).decode()
    secret = changed("Secret", {"type": "kubernetes.io/dockercfg", "data": {".dockercfg": encoded}, "immutable": True})
    new = edited(secret, {"data": {".dockercfg": encoded[:-4], "a b": encoded}, "stringData.more": hidden})
    where = cluster(new)
    found = faults(new, where, Bench(CORE, where.environment, ADMISSION), secret)

    assert len(found) >= 3
    assert not any(text in str(fault) for fault in found for text in (hidden, encoded[:12]))


def test_every_judge_bears_an_object_of_nulls() -> None:
    """Whatever is null or missing: no judge fails."""
    for kind, obj in GOOD.items():
        for field in obj.keys() - {"apiVersion", "kind", "metadata"}:
            empty: tuple[Any, ...] = (None, {}, [])
            for value in empty:
                broken({**obj, field: value}, only=HERE)
        assert isinstance(broken({**obj, "metadata": {}}, only=HERE), set), kind


json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "1Gi", "Always", "latest"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["image", "imagePullPolicy", "env", "limits", "path", "tty"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(json_like)
def test_what_is_settled_stays_so(value: Any) -> None:
    assert settled(settled(value)) == settled(value)


@pytest.mark.skipif(not CASES.is_dir(), reason="../shared is absent")
def test_secrets_that_clusters_refused_are_refused_here() -> None:
    with (CASES / "INDEX-invalid.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "Secret"]
    verdicts = {}
    for row in rows:
        for obj in yaml.safe_load_all((CASES / row["file"]).read_text(encoding="utf-8")):
            where = cluster(obj)
            found = faults(obj, where, Bench(CORE, where.environment, ADMISSION))
            verdicts[row["file"]] = any(fault.severity == "error" for fault in found)

    assert verdicts == {row["file"]: row["verdict"] == "reject" for row in rows}
