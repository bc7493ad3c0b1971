"""`storage` of a model: the Secret `storage-config`, its entries, and what an InferenceService takes from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.problems import did_you_mean
from gitops.rules import serving
from gitops.rules.base import Cluster, at, rule
from gitops.rules.lookups import hint, secret, secret_lacks
from gitops.rules.secrets_made import SECRET
from gitops.rules.storage_secrets import decoded, fetched_by_kserve, made_by, provider, secret_name
from gitops.schemas.faults import dotted

DEFAULT_SECRET = "storage-config"
TYPES = ("s3", "hdfs", "webhdfs")


class Storage(NamedTuple):
    """A `storage` block: where it stands, the Secret that it reads, and its parameters."""

    path: Path
    spec: Object
    secret: str
    parameters: Object

    @property
    def entry(self) -> str:
        """The key of the Secret that is read; where none is given, it may be missing."""
        kind = self.parameters.get("type")
        return self.spec.get("key") or (f"default_{kind}" if kind else "default")


def storage(service: Object) -> Storage | None:
    """The predictor's `storage` block, if it has a path: without one, KServe downloads nothing by it."""
    found = serving.model(serving.predictor(service))
    spec = at(found.spec, "storage") if found else None
    if found is None or not isinstance(spec, dict) or spec.get("path") is None or not fetched_by_kserve(service):
        return None
    named = secret_name(service)
    return Storage((*found.path, "storage"), spec, named[1] if named else DEFAULT_SECRET, spec.get("parameters") or {})


@rule("reference", serving.INFERENCE_SERVICE, needs="storage")
def storage_entry_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The entry that `storage.key` names is in the Secret `storage-config`, or in the one that the annotation names.

    Why: KServe's pod webhook refuses every pod of the model: `specified storage key … not found in storage secret`, or
    `can't read storage secret`.

    Fix: correct the key, or add the entry to the Secret: one JSON object under that name.

    Source: kserve `pkg/credentials/service_account_credentials.go` CreateStorageSpecSecretEnvs.
    """
    block = storage(obj)
    if block is None or not block.spec.get("key"):
        return
    namespace, key = cluster.namespace(obj), block.entry
    made = secret(cluster, namespace, block.secret)
    if secret_lacks(cluster, namespace, block.secret):
        what, todo = f"the Secret `{block.secret}` is not there", hint(cluster, SECRET, namespace, block.secret)
    elif made and made.lacks(key):
        what, todo = f"the Secret `{block.secret}` has no such entry", did_you_mean(key, sorted(made.keys or ()))
    else:
        return
    yield Fault(
        "storage-entry-exists",
        (*block.path, "key"),
        f"`{dotted((*block.path, 'key'))}` names an entry that is not there: {what}",
        found=key,
        expected=f"an entry of Secret `{block.secret}` in namespace `{namespace}`",
        why="KServe's pod webhook refuses every pod of this model.",
        hint=todo,
    )


@rule("reference", serving.INFERENCE_SERVICE, needs="storage")
def storage_is_located(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A `storage` block without a type of its own takes from its entry the type of the store and, for S3, the bucket.

    Why: KServe's pod webhook refuses the pods: `unable to determine storage type`, or `format [s3] requires a bucket but one wasn't
    found`.

    Fix: give `type` and `bucket` in the entry of the Secret; or both under `parameters`.

    Source: kserve `pkg/credentials/service_account_credentials.go` CreateStorageSpecSecretEnvs.
    """
    block = storage(obj)
    entry = _entry(block, obj, cluster) if block and not block.parameters.get("type") else None
    if block is None or entry is None:
        return
    kind = entry.get("type")
    if kind and (kind != "s3" or block.parameters.get("bucket") or entry.get("bucket")):
        return
    missing = "bucket" if kind else "type"
    yield Fault(
        "storage-is-located",
        block.path,
        f"`{dotted(block.path)}` leads to no {missing}: entry `{block.entry}` of Secret `{block.secret}` has none",
        found=f"no `{missing}`",
        expected=f"`{missing}` in the entry, or `type` and `bucket` under `parameters`",
        why="KServe's pod webhook refuses every pod of this model.",
        hint=f"add `{missing}` to entry `{block.entry}`",
    )


def _entry(block: Storage, obj: Object, cluster: Cluster) -> Object | None:
    """The entry that a block reads, empty where it may be and is missing; None where that is not certain."""
    namespace = cluster.namespace(obj)
    made, plain = secret(cluster, namespace, block.secret), cluster.objects.get(SECRET, namespace, block.secret)
    if secret_lacks(cluster, namespace, block.secret) or (made and made.lacks(block.entry)):
        return None if block.spec.get("key") else {}
    entry = _parsed(_texts(plain).get(block.entry, ((), None))[1]) if plain else None
    return entry if isinstance(entry, dict) else None


@rule("controller", SECRET)
def storage_entry_form(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each entry of the Secret `storage-config` is a JSON object of texts, with a type that KServe knows.

    Why: KServe reads the entry when a pod is made, and its webhook refuses the pod: `invalid json encountered in key …`, or `storage
    type must be one of`. Numbers and booleans are refused as well: every value is a text.

    Fix: write one JSON object with quoted values, such as `"verify_ssl": "0"`; `type` is s3, hdfs or webhdfs.

    Source: kserve `pkg/credentials/service_account_credentials.go` CreateStorageSpecSecretEnvs.
    """
    made = made_by(obj, cluster) if obj["metadata"].get("name") == DEFAULT_SECRET else None
    if made is None or provider(made):  # one with a store's own keys is for a ServiceAccount to list
        return
    for key, (path, text) in _texts(obj).items():
        what = _misformed(text)
        if what:
            yield Fault(
                "storage-entry-form",
                path,
                f"the entry `{key}` {what}",
                found="a value that is not shown",
                expected="a JSON object of texts",
                why="KServe's pod webhook refuses every pod of a model that uses this entry.",
                hint='write `{"type": "s3", "bucket": "…", …}`, with every value in quotes',
            )


def _misformed(text: str | None) -> str:
    if text is None:
        return ""
    entry = _parsed(text)
    if not isinstance(entry, dict):
        return "is not a JSON object"
    wrong = [name for name, value in entry.items() if not isinstance(value, str)]
    if wrong:
        return f"has a value that is not a text: `{wrong[0]}`"
    if "type" in entry and entry["type"] not in TYPES:
        return f"has a type that KServe does not know; it knows {', '.join(TYPES)}"
    return ""


def _parsed(text: str | None) -> Any:
    try:
        return json.loads(text) if text is not None else None
    except (ValueError, RecursionError):
        return None


def _texts(obj: Object) -> dict[str, tuple[Path, str | None]]:
    """The values of a Secret as text; None for one that is none."""
    found: dict[str, tuple[Path, str | None]] = {}
    for key, value in (obj.get("data") or {}).items():
        found[key] = ("data", key), decoded(value)
    for key, value in (obj.get("stringData") or {}).items():
        found[key] = ("stringData", key), value if isinstance(value, str) else None
    return found
