"""URIs of models: whether KServe accepts one, and whether what is to fetch it can read it.

None of this is looked at when an InferenceService is admitted: it shows in the controller's log, or in an init container that fails.

Source: kserve `pkg/controller/v1beta1/inferenceservice/utils/utils.go` (ValidateStorageURI), `config/storagecontainers/default.yaml`,
`python/storage/kserve_storage/kserve_storage.py`, read at v0.15.2 to v0.20.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.problems import nearest
from gitops.rules.base import Cluster, Inventory, at, items, rule
from gitops.rules.patterns import pattern
from gitops.rules.serving import CLUSTER_STORAGE_CONTAINER, INFERENCE_SERVICE, components
from gitops.rules.storage import PVC, every_uri, sources, uris_of
from gitops.schemas.faults import dotted

SCHEMES = {
    **dict.fromkeys(("gs", "s3", "pvc", "file", "https", "http", "hdfs", "webhdfs", "oci"), "0.0"),
    "hf": "0.15.0",
    "oci+native": "0.20.0",
}
"""Scheme -> the release from which KServe knows it."""

_HAS_SCHEME = pattern(r"\w://", re.ASCII)
_SHIPPED = pattern(r"https?://.+/.+")
"""What the ClusterStorageContainer `default` takes beyond KServe's own list: whatever has a host and a path."""
_AZURE_HOST = "blob.core.windows.net"
_AZURE = pattern(r"https://(.+?).blob.core.windows.net/(.+)")
_GIT = pattern(r"https://.+\.git$")

Format = tuple[str, re.Pattern[str] | None]


def custom_formats(inventory: Inventory) -> list[Format]:
    """What the cluster's own storage containers fetch: a prefix, or a pattern."""
    found: list[Format] = []
    for container in inventory.of(CLUSTER_STORAGE_CONTAINER).values():
        if container.get("disabled") is not True and at(container, "spec", "workloadType") in (None, "initContainer"):
            found += uri_formats(container)
    return found


def uri_formats(container: Object) -> list[Format]:
    """What one ClusterStorageContainer fetches. A pattern that Python cannot read fits nothing, as one that Go cannot read."""
    found: list[Format] = []
    for _, form in items(container, "spec", "supportedUriFormats"):
        if form.get("prefix"):
            found.append((form["prefix"], None))
        elif form.get("regex") and (pattern := _compiled(form["regex"])):
            found.append(("", pattern))
    return found


@lru_cache(256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        return None


def fits(uri: str, formats: list[Format]) -> bool:
    """Whether one of these formats is that of a URI."""
    return any(pattern.search(uri) if pattern else uri.startswith(prefix) for prefix, pattern in formats)


def accepted(uri: str, cluster: Cluster) -> bool:
    """Whether KServe's controller accepts a URI here."""
    if fits(uri, cluster.objects.index(custom_formats)) or not _HAS_SCHEME.search(uri) or _SHIPPED.search(uri):
        return True
    if _AZURE_HOST in uri:
        return bool(_AZURE.search(uri))
    scheme, separator, _ = uri.partition("://")
    since = SCHEMES.get(scheme) if separator else None
    return since is not None and cluster.runs("kserve", since)


def shown(uri: str) -> str:
    """A URI for a message; nothing of one that may carry credentials."""
    return f"`{uri}`" if not {"@", "?"} & set(uri) else ""


def _may_be_fetched(cluster: Cluster) -> bool:
    """Whether there is a storage container of which only the name is known."""
    return any(provided.kind == CLUSTER_STORAGE_CONTAINER[1] for provided in cluster.environment.provides)


@rule("reference", INFERENCE_SERVICE, code="KS10")
def storage_scheme(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The scheme of a storage URI is one that this release of KServe knows, or one that a ClusterStorageContainer fetches.

    Why: the object is admitted, and synchronised; then the controller refuses the URI ("StorageURI not supported"), or, in
    `storageUris`, the init container fails. The service never becomes ready.

    Fix: correct the scheme; they are written in lower case and end in `://`. A scheme that a ClusterStorageContainer outside these
    files fetches is made known with `provides` in environment.yaml.

    Source: kserve `pkg/controller/v1beta1/inferenceservice/utils/utils.go`, ValidateStorageURI. `hf://` from 0.15, `oci+native://` from
    0.20, `oci://` in `storageUris` from 0.19.
    """
    for component in components(service):
        for path, uri in every_uri(component):
            if uri and not accepted(uri, cluster) and not _may_be_fetched(cluster):
                yield _unknown(path, uri, cluster)
        if not cluster.runs("kserve", "0.19.0"):
            for path, uri, _ in sources(component):
                if uri.startswith("oci://"):
                    yield _later((*path, "uri"), "oci", "0.19.0", "in `storageUris`, ")


def _unknown(path: Path, uri: str, cluster: Cluster) -> Fault:
    scheme = uri.partition("://")[0]
    if since := SCHEMES.get(scheme):
        if not cluster.runs("kserve", since):
            return _later(path, scheme, since)
        return _malformed("storage-scheme", path, "an Azure URL has a container and a path after its host", uri)
    known = [each for each, since in SCHEMES.items() if cluster.runs("kserve", since)]
    near = nearest(scheme.lower(), known)
    return Fault(
        "storage-scheme",
        path,
        f"`{dotted(path)}` has a scheme that KServe does not know",
        found=f"`{scheme}://`",
        expected=", ".join(f"`{each}://`" for each in known),
        why="KServe admits the service, but its controller refuses the URI, and the service never becomes ready.",
        hint=f"did you mean `{near}://`?" if near else "correct it, or add the ClusterStorageContainer that fetches it",
    )


def _later(path: Path, scheme: str, since: str, where: str = "") -> Fault:
    return Fault(
        "storage-scheme",
        path,
        f"`{dotted(path)}`: {where}this cluster's KServe does not know `{scheme}://` yet",
        found=f"`{scheme}://`",
        expected=f"KServe {since} or later",
        why="the controller or the init container of that release refuses the URI, and the service never becomes ready.",
        hint="upgrade KServe there, or load the model from elsewhere",
    )


def _malformed(rule_id: str, path: Path, message: str, uri: str, why: str = "") -> Fault:
    return Fault(
        rule_id,
        path,
        f"`{dotted(path)}`: {message}",
        found=shown(uri),
        why=why
        or "what fetches the model cannot read the URI; the pod does not start, and the service never becomes ready.",
        hint="complete the URI",
    )


@rule("controller", INFERENCE_SERVICE, code="KS10")
def storage_uri_form(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A storage URI has the parts that its scheme asks for: `hf://owner/model[:revision]`, `s3://bucket/…`, `pvc://claim/…`.

    Why: nothing looks at them before the init container runs; it fails, restarts, fails, and the service never becomes ready.

    Fix: write the URI in full.

    Source: kserve `python/storage/kserve_storage/kserve_storage.py`, Storage.download and _download_hf; `pkg/utils/storage.go`,
    ParsePvcURI. Git repositories from 0.17.
    """
    for path, uri in uris_of(service):
        if message := _missing_part(uri):
            yield _malformed("storage-uri-form", path, message, uri)
        elif _GIT.search(uri) and not cluster.runs("kserve", "0.17.0"):
            yield _malformed("storage-uri-form", path, "KServe clones git repositories from 0.17 only", uri)


def _missing_part(uri: str) -> str:
    scheme, separator, rest = uri.partition("://")
    if not uri:
        return "the URI is empty"
    if scheme == "hf" and separator:
        parts = rest.split("/")
        whole = len(parts) == 2 and parts[0] and parts[1].partition(":")[0]
        return "" if whole else "a Hugging Face URI is `hf://owner/model`, with `:revision` if need be"
    if scheme in ("http", "https") and not _SHIPPED.search(uri) and _AZURE_HOST not in uri:
        return "a URL of a model has a path after its host"
    named = {"s3": "a bucket", "gs": "a bucket", "pvc": "a volume claim", "oci": "an image", "oci+native": "an image"}
    if separator and scheme in named and not rest.partition("/")[0]:
        return f"`{scheme}://` is followed by {named[scheme]}"
    return ""


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS10")
def storage_uri_local(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A storage URI has a scheme that leads out of the pod.

    Why: text without `://`, and `file://`, are accepted as a path on the disk of the container that fetches models, where nothing is
    unless a custom storage container put it there. `s3:/bucket` is such a text.

    Fix: give the scheme and `://`; for a volume use `pvc://claim/path`; for a model in the image use a custom container.

    Source: kserve `pkg/controller/v1beta1/inferenceservice/utils/utils.go`, ValidateStorageURI; `kserve_storage.py`, Storage.download.
    """
    for path, uri in uris_of(service):
        local = uri.startswith("file://") or not _HAS_SCHEME.search(uri)
        if uri and local and not fits(uri, cluster.objects.index(custom_formats)):
            yield Fault(
                "storage-uri-local",
                path,
                f"`{dotted(path)}` is taken for a path inside the container that fetches models",
                found=shown(uri),
                expected="a URI such as `s3://bucket/path` or `pvc://claim/path`",
                why="nothing is on the disk of that container unless a custom one put it there, and the pod does not start.",
                hint="give the scheme, followed by `://`",
            )


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS11", needs="storageUris")
def claim_path_unused(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A `pvc://` URI in `storageUris` names a claim without a path in it.

    Why: there KServe mounts the root of the volume at `mountPath` and drops the path, so the server looks for its model in the wrong
    folder. Only a single `storageUri` mounts the path.

    Fix: use `storageUri`, or write `pvc://claim` and let the server look in the folder below `mountPath`.

    Source: kserve `pkg/webhook/admission/pod/storage_initializer_injector.go`, CommonStorageInitialization.
    """
    for component in components(service):
        for path, uri, mount in sources(component):
            if uri.startswith(PVC) and uri.removeprefix(PVC).partition("/")[2].strip("/"):
                yield Fault(
                    "claim-path-unused",
                    (*path, "uri"),
                    f"the path in `{dotted((*path, 'uri'))}` is dropped",
                    found=f"`{uri}`",
                    expected="`pvc://` and the name of the claim",
                    why=f"in `storageUris` KServe mounts the root of a volume at `{mount}`, not the folder that the URI names.",
                    hint="use `storageUri`, or drop the path and let the server look below `mountPath`",
                )
