"""Secrets that images are pulled with."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault
from gitops.objects import Object
from gitops.rules.base import Cluster, items, rule
from gitops.rules.lookups import ACCOUNT, hint, secret, secret_lacks
from gitops.rules.pods import KINDS, Reference, pull_secrets_of, references
from gitops.rules.secrets_made import SECRET
from gitops.schemas.faults import dotted

_PULLS = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}


@rule("reference", *KINDS, ACCOUNT, level="warning", needs="imagePullSecrets")
def image_pull_secret_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every Secret that images are to be pulled with is there.

    Why: the kubelet goes on without it: the event `FailedToRetrieveImagePullSecret` shows, and an image of a private registry ends in
    `ImagePullBackOff`.

    Fix: add the Secret, or the object that makes it, to this namespace, or correct the name.

    Source: kubernetes `pkg/kubelet/kubelet_pods.go` getPullSecretsForPod.
    """
    namespace = cluster.namespace(obj)
    for each in _pull_secrets(obj):
        if secret_lacks(cluster, namespace, each.name):
            yield Fault(
                "image-pull-secret-exists",
                each.path,
                f"`{dotted(each.path)}` names a Secret that is not there",
                found=each.name,
                expected=f"a Secret in namespace `{namespace}`",
                why="the kubelet pulls without it, and a private registry refuses.",
                hint=hint(cluster, SECRET, namespace, each.name),
            )


@rule("reference", *KINDS, ACCOUNT, needs="imagePullSecrets")
def image_pull_secret_type(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A Secret that images are to be pulled with holds a registry login: type `kubernetes.io/dockerconfigjson`.

    Why: the kubelet reads the key that belongs to the type, and takes a Secret of any other for one without logins: a private
    image ends in `ImagePullBackOff` with `unauthorized`.

    Fix: give the Secret type `kubernetes.io/dockerconfigjson` and the key `.dockerconfigjson`; an ExternalSecret under `target.template`.

    Source: kubernetes `pkg/credentialprovider/secrets/secrets.go` MakeDockerKeyring.
    """
    namespace = cluster.namespace(obj)
    for each in _pull_secrets(obj):
        made = secret(cluster, namespace, each.name)
        if made is None or not (made.type not in _PULLS or made.lacks(_PULLS[made.type])):
            continue
        what = f"of type `{made.type}`" if made.type not in _PULLS else f"without the key `{_PULLS[made.type]}`"
        yield Fault(
            "image-pull-secret-type",
            each.path,
            f"Secret `{each.name}`, which images are to be pulled with, is {what}",
            found=made.type,
            expected="type `kubernetes.io/dockerconfigjson` with the key `.dockerconfigjson`",
            why="the kubelet finds no registry login in it, and pulls without one.",
            hint=f"set the type and the key in {made.by.kind} `{made.by.name}`",
        )


def _pull_secrets(obj: Object) -> Iterator[Reference]:
    if obj["kind"] != "ServiceAccount":
        yield from references(obj, pull_secrets_of)
    for path, each in items(obj, "imagePullSecrets"):
        if name := each.get("name"):
            yield Reference((*path, "name"), name)
