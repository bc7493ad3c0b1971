"""ExternalSecrets: what the webhook of External Secrets refuses."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, items, rule
from gitops.rules.storage_secrets import EXTERNAL_SECRET
from gitops.schemas.faults import dotted


@rule("controller", EXTERNAL_SECRET)
def external_secret_fetches(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """An ExternalSecret says what to fetch: `data` or `dataFrom` has an entry, and each entry of `dataFrom` has one source.

    Why: External Secrets' webhook refuses it: `either data or dataFrom should be specified`, `extract, find, or generatorRef
    cannot be set at the same time`, or `either extract, find, or sourceRef must be set to dataFrom`.

    Fix: list the keys under `data`, or take a whole secret by `dataFrom: [{extract: {key: …}}]`.

    Source: external-secrets `apis/externalsecrets/v1/externalsecret_validator.go` validateExternalSecret.
    """
    if not at(obj, "spec", "data") and not at(obj, "spec", "dataFrom"):
        yield _fetch_fault(
            ("spec", "data"), "`spec` has neither `data` nor `dataFrom`", "nothing", "add what is to be fetched"
        )
    for path, each in items(obj, "spec", "dataFrom"):
        where: Path = path
        given = [name for name in ("extract", "find") if each.get(name) is not None]
        if at(each, "sourceRef", "generatorRef"):
            given.append("sourceRef.generatorRef")
        if len(given) > 1:
            yield _fetch_fault(
                where, f"`{dotted(where)}` has several sources", ", ".join(given), "make an entry of each"
            )
        elif not given and each.get("sourceRef") is None:
            yield _fetch_fault(
                where, f"`{dotted(where)}` has no source", "nothing", "add `extract`, `find` or `sourceRef`"
            )
        elif each.get("sourceRef") is not None and not any((each["sourceRef"] or {}).values()):
            yield _fetch_fault(
                (*where, "sourceRef"),
                f"`{dotted(where)}.sourceRef` is empty",
                "nothing",
                "add `storeRef` or `generatorRef`",
            )


def _fetch_fault(path: Path, what: str, found: str, todo: str) -> Fault:
    return Fault(
        "external-secret-fetches",
        path,
        what,
        found=found,
        expected="one source: a key, a search or a generator",
        why="External Secrets' webhook refuses the object.",
        hint=todo,
    )


@rule("controller", EXTERNAL_SECRET, needs="deletionPolicy")
def external_secret_policies(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """`deletionPolicy` of an ExternalSecret fits its `creationPolicy`: Delete only for a Secret that it does not merge into or leave to
    others, Merge only where there is a Secret.

    Why: External Secrets' webhook refuses it: `deletionPolicy=Delete must not be used when the controller doesn't own the secret`, or
    `deletionPolicy=Merge must not be used with creationPolicy=None`.

    Fix: set `deletionPolicy: Retain`, or `creationPolicy: Owner`.

    Source: external-secrets `apis/externalsecrets/v1/externalsecret_validator.go` validatePolicies.
    """
    creation, deletion = (at(obj, "spec", "target", name) for name in ("creationPolicy", "deletionPolicy"))
    if (deletion, creation) in (("Delete", "Merge"), ("Delete", "None"), ("Merge", "None")):
        yield Fault(
            "external-secret-policies",
            ("spec", "target", "deletionPolicy"),
            f"`spec.target.deletionPolicy` {deletion} does not go with `creationPolicy` {creation}",
            found=f"{deletion} with {creation}",
            expected="Retain, or creationPolicy Owner",
            why="External Secrets' webhook refuses the object.",
            hint="set `deletionPolicy: Retain`, or `creationPolicy: Owner`",
        )


@rule("controller", EXTERNAL_SECRET)
def external_secret_keys(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """No two entries under `data` of an ExternalSecret have the same `secretKey`, unless its `deletionPolicy` is not Retain.

    Why: External Secrets' webhook refuses it: `duplicate secretKey found`.

    Fix: remove one of the two, or rename it.

    Source: external-secrets `apis/externalsecrets/v1/externalsecret_validator.go` validateDuplicateKeys.
    """
    data = items(obj, "spec", "data")
    if len({each.get("secretKey") for _, each in data}) == len(data):
        return
    if (at(obj, "spec", "target", "deletionPolicy") or "Retain") != "Retain":
        return
    seen: set[str] = set()
    for path, each in data:
        key = each.get("secretKey")
        if key in seen:
            yield Fault(
                "external-secret-keys",
                (*path, "secretKey"),
                f"`{dotted((*path, 'secretKey'))}` is there twice",
                found=key,
                expected="each key once",
                why="External Secrets' webhook refuses the object.",
                hint="remove one of the two entries",
            )
        seen.add(key or "")
