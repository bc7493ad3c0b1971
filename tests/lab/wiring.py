"""How the lab's programs find each other: arguments, users and addresses. Data only, nothing is started here."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Object = dict[str, Any]

# Programs that serve webhooks, and the Service by which the releases' configurations name each.
KSERVE = {
    "kserve-manager": "kserve-webhook-server-service",
    "kserve-llmisvc": "llmisvc-webhook-server-service",
    "kserve-localmodel": "localmodel-webhook-server-service",
}
KNATIVE = "kafka-webhook-eventing"
KNATIVE_NAMESPACE = "knative-eventing"

ADMIN = "admin"
KNATIVE_USER = f"system:serviceaccount:{KNATIVE_NAMESPACE}:{KNATIVE}"  # the release's own roles are bound to it
READER = "lab-reader"
GROUPS = {ADMIN: "system:masters"}


def etcd(folder: Path, client_port: int, peer_port: int) -> list[str]:
    """Arguments of etcd. Nothing here outlives the folder, so it may skip waiting for the disk."""
    client, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    return [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
    ]


def kube_apiserver(folder: Path, etcd_port: int, port: int, tokens: Path) -> list[str]:
    """Arguments of the API server. It writes its certificate, which also signs the accounts' tokens that nobody uses here.

    Admission is the default but for `ServiceAccount`, which waits for accounts that a controller would create. Privileged
    containers are allowed, as kubeadm does. The address is of a network that exists in documentation only: none is advertised.
    """
    certificates = folder / "certificates"
    key = certificates / "apiserver.key"
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        f"--cert-dir={certificates}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        "--advertise-address=192.0.2.1",
        "--endpoint-reconciler-type=none",
        "--service-cluster-ip-range=10.0.0.0/16",
        "--authorization-mode=RBAC",
        f"--token-auth-file={tokens}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        "--disable-admission-plugins=ServiceAccount",
        "--allow-privileged=true",
    ]


def kserve(port: int) -> list[str]:
    """Arguments of a KServe manager: no metrics, no probes, webhooks there."""
    return [f"--webhook-port={port}", "--metrics-addr=0", "--health-probe-addr=0"]


def knative(port: int) -> dict[str, str]:
    """The environment of Knative Kafka's webhook program, as its Deployment sets it."""
    return {
        "SYSTEM_NAMESPACE": KNATIVE_NAMESPACE,
        "CONFIG_LEADERELECTION_NAME": "config-kafka-leader-election",
        "CONFIG_LOGGING_NAME": "config-logging",
        "METRICS_DOMAIN": "knative.dev/eventing",
        "WEBHOOK_NAME": KNATIVE,
        "WEBHOOK_PORT": str(port),
        "PROFILING_PORT": "0",
        "POD_NAME": "lab",
    }


def kubeconfig(port: int, certificate: Path, user: str, token: str) -> Object:
    """A kubeconfig of one user."""
    server = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(certificate)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": server}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user}}],
        "current-context": "lab",
    }


def own_objects(knative_port: int) -> list[Object]:
    """What the lab itself puts into the cluster, beside the releases.

    KServe's managers read everything and write nothing: their webhooks work, and their controllers leave objects as they were sent.
    Knative's program writes its own addresses into its configurations and wants a Service there; one with an external
    name makes the API server call it on loopback, under the name that its certificate has.
    """
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": READER}}
    rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": READER}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": READER}
    return [
        {**role, "kind": "ClusterRole", "rules": [rule]},
        {**role, "kind": "ClusterRoleBinding", "roleRef": reference, "subjects": [subject]},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": KNATIVE, "namespace": KNATIVE_NAMESPACE},
            "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": knative_port}]},
        },
    ]


def reached_at(obj: Object, ports: dict[str, int], certificate: str) -> Object:
    """The object with every webhook address in it, by the name of its Service, turned to a loopback port.

    A Service that the lab does not run is left as it is.
    """
    result = copy.deepcopy(obj)
    for config in client_configs(result):
        service = config["service"]
        port = ports.get(service["name"])
        if service["name"] == KNATIVE:
            service["port"] = port
        elif port:
            config["url"] = f"https://127.0.0.1:{port}{service.get('path', '')}"
            config["caBundle"] = certificate
            del config["service"]
    return result


def client_configs(obj: Object) -> Iterator[Object]:
    """The webhook addresses of a webhook configuration or a custom resource's definition."""
    for webhook in obj.get("webhooks") or ():
        yield webhook["clientConfig"]
    conversion = (obj.get("spec") or {}).get("conversion") or {}
    if "webhook" in conversion and obj["kind"] == "CustomResourceDefinition":
        yield conversion["webhook"]["clientConfig"]
