"""The keys of a store's Secret: what KServe knows it by, and all that it reads with that."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.secrets_made import SecretMade
from gitops.rules.storage_secrets import (
    ACCESS_KEY,
    MAKERS,
    S3,
    SECRET_KEY,
    listed,
    made_by,
    made_name,
    marks,
    provider,
    settings,
)

_LOOK_ALIKE = frozenset(
    (
        *("awsaccesskeyid", "awssecretaccesskey", "accesskey", "secretkey", "accesskeyid", "secretaccesskey"),
        *("awsaccesskey", "awssecretkey", "hftoken", "huggingfacetoken", "huggingfacehubtoken"),
    )
)


@rule("controller", *MAKERS, code="KS25")
def storage_secret_complete(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A Secret that KServe takes for a store's has every key that KServe reads with it.

    Why: KServe puts a reference to the other keys into the container that downloads the model, and the kubelet does not start one whose
    key is missing: the pod stays in `Init:CreateContainerConfigError`. Empty keys are as good as none.

    Fix: add the key: `AWS_ACCESS_KEY_ID` beside `AWS_SECRET_ACCESS_KEY`, `AZURE_TENANT_ID` beside an Azure client or token, `headers`
    beside `https-host`.

    Source: kserve `pkg/credentials/s3/s3_secret.go` BuildSecretEnvs, `pkg/credentials/azure/azure_secret.go` BuildSecretEnvs,
    `pkg/credentials/https/https_secret.go` BuildSecretEnvs.
    """
    made = made_by(obj, cluster)
    kind = provider(made) if made else None
    if made is None or kind is None:
        return
    for key in _needed(made, kind):
        if made.lacks(key):
            yield _incomplete(obj, key, f"has no key `{key}`, which KServe reads of a Secret for {kind}", "nothing")
        elif key in made.empty and not _anonymous(obj):
            yield _incomplete(obj, key, f"has an empty `{key}`", "an empty value")


def _incomplete(obj: Object, key: str, what: str, found: str) -> Fault:
    return Fault(
        "storage-secret-complete",
        _key_path(obj, key),
        f"the Secret {what}",
        found=found,
        expected=f"a value under `{key}`",
        why="the container that downloads the model does not start without it.",
        hint=f"add `{key}`",
    )


def _needed(made: SecretMade, kind: str) -> tuple[str, ...]:
    if kind == "S3":
        return (ACCESS_KEY, SECRET_KEY)
    if kind == "HTTP":
        return ("headers",)
    if kind == "Azure" and not _only_key(made):
        return ("AZ_TENANT_ID" if "AZ_TENANT_ID" in (made.keys or ()) else "AZURE_TENANT_ID",)
    return ()


def _only_key(made: SecretMade) -> bool:
    return not {"AZ_CLIENT_ID", "AZURE_CLIENT_ID", "AZURE_ACCESS_TOKEN"} & (made.keys or frozenset())


def _anonymous(obj: Object) -> bool:
    setting = settings(obj).get("s3-useanoncredential")
    return setting is not None and setting.value.lower() == "true"


def _key_path(obj: Object, key: str) -> Path:
    if obj["kind"] == "SealedSecret":
        return ("spec", "encryptedData", key)
    if obj["kind"] == "ExternalSecret":
        return (
            ("spec", "target", "template", "data", key)
            if at(obj, "spec", "target", "template", "data")
            else ("spec", "data")
        )
    return ("data" if key in (obj.get("data") or {}) or "stringData" not in obj else "stringData", key)


@rule("reference", *MAKERS, level="warning")
def storage_secret_recognised(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A Secret with KServe's S3 settings, or one that an account lists with keys much like a store's, has a key that KServe knows.

    Why: KServe tells by its keys what a Secret is for, and skips any other in silence: the model is asked for without credentials. The
    names of old tutorials, `awsAccessKeyID` and `awsSecretAccessKey`, count only where the ConfigMap `inferenceservice-config` says so.

    Fix: use the keys `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`; for others see the page of `storage-secret-complete`.

    Source: kserve `pkg/credentials/service_account_credentials.go` mountSecretCredential, ConfigMap `inferenceservice-config`.
    """
    made = made_by(obj, cluster)
    if made is None or made.keys is None or provider(made) or made.type.startswith("kubernetes.io/"):
        return
    annotated = any(key.startswith(S3) for key in marks(obj)[1])
    alike = sorted(key for key in made.keys if _plain(key) in _LOOK_ALIKE)
    where = (cluster.namespace(obj), made_name(obj))
    if annotated or (alike and where in cluster.objects.index(listed)):
        yield Fault(
            "storage-secret-recognised",
            _key_path(obj, alike[0] if alike else SECRET_KEY),
            "KServe takes this Secret for none of a store's: it has none of the keys that KServe looks for",
            found=", ".join(f"`{key}`" for key in alike or sorted(made.keys)) or "no key",
            expected=f"`{ACCESS_KEY}` and `{SECRET_KEY}`, or the keys of another store",
            why="KServe skips such a Secret in silence, and the model is asked for without credentials.",
            hint="rename the keys" if alike else f"add `{ACCESS_KEY}` and `{SECRET_KEY}`",
        )


def _plain(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")
