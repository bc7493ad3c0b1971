"""Who makes a Secret: one object and no other."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.secrets_made import SecretMade, makers
from gitops.rules.storage_secrets import MAKERS, made_name

_SEALED = "sealedsecrets.bitnami.com/"


@rule("reference", *MAKERS)
def secret_made_once(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Only one object makes a Secret: no two ExternalSecrets, SealedSecrets or Secrets lead to the same name.

    Why: each writes its own values over those of the other, or refuses: External Secrets a Secret that another ExternalSecret owns,
    Sealed Secrets any that it did not make (`already exists and is not managed by SealedSecret`). Argo CD stays OutOfSync.

    Fix: remove one of the two or give it another name; to add keys to a Secret, use an ExternalSecret with `creationPolicy: Merge`.

    Source: external-secrets `pkg/controllers/externalsecret/externalsecret_controller.go` isSecretOwnedBy; sealed-secrets
    `pkg/controller/controller.go` unseal.
    """
    where = (cluster.namespace(obj), made_name(obj))
    mine = (obj["kind"], obj["metadata"].get("name"))
    others = [each for each in cluster.objects.index(makers).get(where, ()) if _rival(each, mine)]
    if others and not _shares(obj):
        path: Path = ("spec", "target", "name") if obj["kind"] == "ExternalSecret" else ("metadata", "name")
        yield Fault(
            "secret-made-once",
            path,
            f"Secret `{where[1]}` is also made by {others[0].by.kind} `{others[0].by.name}`",
            found=f"{len(others) + 1} objects that make it",
            expected="one",
            why="each writes its own values over those of the other, or refuses to.",
            hint="remove one of them, or give its Secret another name",
        )


def _shares(obj: Object) -> bool:
    """Whether an object means to work on a Secret that something else makes."""
    annotations = obj["metadata"].get("annotations") or {}
    target = at(obj, "spec", "template", "metadata", "annotations") or {}
    policy = at(obj, "spec", "target", "creationPolicy") if obj["kind"] == "ExternalSecret" else ""
    marked = any({**annotations, **target}.get(f"{_SEALED}{name}") == "true" for name in ("managed", "patch"))
    return marked or policy in ("Merge", "None", "CreateOrMerge")


def _rival(made: SecretMade, mine: tuple[str, str]) -> bool:
    if made.adds or (made.by.kind, made.by.name) == mine:
        return False
    return not any(made.annotations.get(f"{_SEALED}{name}") == "true" for name in ("managed", "patch"))
