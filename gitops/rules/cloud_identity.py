"""Accounts that are known to a cloud: roles of AWS, service accounts of Google, identities of Azure."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules import serving
from gitops.rules.base import Cluster, at, rule
from gitops.rules.lookups import ACCOUNT
from gitops.rules.patterns import pattern
from gitops.rules.pods import KINDS, account, pods
from gitops.rules.storage_secrets import ROLE_ARN

_EKS = "eks.amazonaws.com/"
_AZURE = "azure.workload.identity/"
_GOOGLE = "iam.gke.io/gcp-service-account"
CLIENT_ID, USE = f"{_AZURE}client-id", f"{_AZURE}use"

_UUID = pattern(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_FORMS = {
    ROLE_ARN: (
        pattern(r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$"),
        "arn:aws:iam::<12 digits>:role/<name>",
        "AWS STS refuses the token, and every request of the pod ends with `Not authorized to perform sts:AssumeRoleWithWebIdentity`.",
    ),
    _GOOGLE: (
        pattern(r"^[a-z0-9][-a-z0-9]*@[a-z0-9][-a-z0-9.]*\.gserviceaccount\.com$"),
        "<name>@<project>.iam.gserviceaccount.com",
        "Google's metadata server finds no such account, and every request of the pod is refused.",
    ),
    CLIENT_ID: (
        _UUID,
        "a UUID: the client id of the identity",
        "Azure finds no such identity, and gives the pod no token.",
    ),
    f"{_AZURE}tenant-id": (
        _UUID,
        "a UUID: the id of the tenant",
        "Azure finds no such tenant, and gives the pod no token.",
    ),
}
_SHORTEST = {f"{_EKS}token-expiration": 600, f"{_AZURE}service-account-token-expiration": 3600}
_LONGEST = 86400


@rule("controller", ACCOUNT, needs=_FORMS)
def cloud_identity_form(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A ServiceAccount's annotation for AWS, Google Cloud or Azure names an identity in the form of that cloud.

    Why: nobody checks it in the cluster. The cloud gives no token for what it does not know, and the model's download is refused.

    Fix: copy the role's ARN, the account's e-mail address or the client id from the cloud.

    Source: amazon-eks-pod-identity-webhook `README.md`, IAM ARN format; GKE Workload Identity Federation; azure-workload-identity
    `docs/book/src/topics/service-account-labels-and-annotations.md`.
    """
    for key, value in (obj["metadata"].get("annotations") or {}).items():
        if key in _FORMS and isinstance(value, str) and not _FORMS[key][0].match(value):
            path: Path = ("metadata", "annotations", key)
            yield Fault(
                "cloud-identity-form",
                path,
                f"the annotation `{key}` is not in the form of an identity",
                found=value or "nothing",
                expected=_FORMS[key][1],
                why=_FORMS[key][2],
                hint=_form_hint(key, value),
            )


def _form_hint(key: str, value: str) -> str:
    if key == ROLE_ARN and value.startswith("arn:aws") and ":sts::" in value:
        return "this is a session of a role: give the role itself"
    if value != value.strip():
        return "remove the blanks around it"
    return "copy it from the cloud's console or command line"


@rule("controller", ACCOUNT, needs=_SHORTEST)
def identity_token_expiration(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The time that an identity token is good for, in an annotation of a ServiceAccount, is a number of seconds within the cloud's limits.

    Why: Azure's webhook refuses every pod of the account: `token expiration … not valid. Expected value to be between 3600 and
    86400`. AWS's webhook raises what is below 600, and takes 86400 for what is no number.

    Fix: give 3600 to 86400 seconds; for AWS at least 600.

    Source: azure-workload-identity `pkg/webhook/webhook.go` getServiceAccountTokenExpiration; amazon-eks-pod-identity-webhook
    `pkg/validation.go`.
    """
    annotations = obj["metadata"].get("annotations") or {}
    for key, shortest in _SHORTEST.items():
        value = annotations.get(key)
        if not isinstance(value, str) or (
            value.isascii() and value.isdigit() and shortest <= int(value) <= _longest(key)
        ):
            continue
        if value or key.startswith(_EKS):
            yield Fault(
                "identity-token-expiration",
                ("metadata", "annotations", key),
                f"the annotation `{key}` is not a time that a token can be good for",
                found=value or "nothing",
                expected=f"{shortest} to {_longest(key)} seconds",
                why=_token_why(key),
                hint=f"give a whole number of at least {shortest}, without a unit",
            )


def _longest(key: str) -> int:
    return 2**32 if key.startswith(_EKS) else _LONGEST


def _token_why(key: str) -> str:
    if key.startswith(_EKS):
        return "AWS's webhook raises less than 600 seconds to 600, and takes 86400 where it reads no number."
    return "Azure's webhook refuses every pod that runs as this account."


@rule("controller", ACCOUNT, level="warning")
def pod_identity_annotation(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """EKS Pod Identity is set up by an association in AWS, not by an annotation of the ServiceAccount.

    Why: no component reads `eks.amazonaws.com/pod-identity-association`; pods get no credentials by it.

    Fix: make a PodIdentityAssociation of cluster, namespace and ServiceAccount, by ACK, Crossplane or AWS's own tools; or use a role
    by `eks.amazonaws.com/role-arn`.

    Source: EKS Pod Identity, CreatePodIdentityAssociation; amazon-eks-pod-identity-webhook `pkg/annotations.go`.
    """
    key = f"{_EKS}pod-identity-association"
    if key in (obj["metadata"].get("annotations") or {}):
        yield Fault(
            "pod-identity-annotation",
            ("metadata", "annotations", key),
            f"nothing reads the annotation `{key}`",
            found=key,
            expected="a PodIdentityAssociation",
            why="EKS looks for an association of the ServiceAccount in AWS, and reads no annotation.",
            hint="remove it, and make a PodIdentityAssociation for this ServiceAccount",
        )


@rule("reference", *(kind for kind in KINDS if kind != serving.SERVING_RUNTIME), level="warning")
def azure_identity_label(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A pod of a ServiceAccount with an Azure identity has the label `azure.workload.identity/use: "true"`.

    Why: Azure's webhook looks at pods with that label alone; the annotation, or a label of the ServiceAccount, is not enough since
    1.0. The pod gets no token, and Azure refuses the download.

    Fix: put the label on the pods: `metadata.labels` or `spec.predictor.labels` of an InferenceService, the pod template's labels elsewhere.

    Source: azure-workload-identity `docs/book/src/topics/service-account-labels-and-annotations.md`, `pkg/webhook/webhook.go`.
    """
    for pod in pods(obj):
        name = account(pod)[1]
        found = cluster.objects.get(ACCOUNT, cluster.namespace(obj), name)
        if (
            found is None
            or CLIENT_ID not in (found["metadata"].get("annotations") or {})
            or pod.path[-1] == "workerSpec"
        ):
            continue
        if not any(at(obj, *place, USE) == "true" for place in _labels(obj, pod.path)):
            place = _labels(obj, pod.path)[0]
            yield Fault(
                "azure-identity-label",
                (*place, USE),
                f"pods of ServiceAccount `{name}` lack the label `{USE}`",
                found=str(at(obj, *place, USE) or "no such label"),
                expected='"true"',
                why="Azure's webhook passes over pods without the label, and gives them no token.",
                hint=f'add `{USE}: "true"`',
            )


def _labels(obj: Object, pod: Path) -> tuple[Path, ...]:
    """Where the labels of a pod come from."""
    if obj["kind"] in ("InferenceService", "InferenceGraph"):
        return (("metadata", "labels"), (*pod, "labels"))
    if obj["kind"] == "LLMInferenceService":
        return (("spec", "labels"), ("metadata", "labels"))
    return ((*pod[:-1], "metadata", "labels"),)
