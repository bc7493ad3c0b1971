"""Volumes of pods: what each is made of."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.core_claims import claim_templates, claim_wrongs
from gitops.rules.core_downward import downward_file, mode
from gitops.rules.core_forms import (
    LABEL,
    SUBDOMAIN,
    Wrongs,
    alone,
    each,
    inside,
    known,
    lacking,
    milli,
    named,
    once,
    part,
    required,
    within,
    without_steps,
    wrong,
)
from gitops.rules.core_pods import CORE_PODS, core_pod
from gitops.rules.once import once as kept

_TYPES = ("DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice")
_REQUIRED = {
    "persistentVolumeClaim": ("claimName",),
    "secret": ("secretName",),
    "configMap": ("name",),
    "nfs": ("server", "path"),
    "hostPath": ("path",),
    "csi": ("driver",),
    "azureFile": ("secretName", "shareName"),
    "awsElasticBlockStore": ("volumeID",),
    "gcePersistentDisk": ("pdName",),
    "azureDisk": ("diskName", "diskURI"),
    "cinder": ("volumeID",),
    "cephfs": ("monitors",),
    "glusterfs": ("endpoints", "path"),
    "rbd": ("monitors", "image"),
    "flexVolume": ("driver",),
    "gitRepo": ("repository",),
    "portworxVolume": ("volumeID",),
    "vsphereVolume": ("volumePath",),
    "photonPersistentDisk": ("pdID",),
    "iscsi": ("targetPortal", "iqn"),
}
"""Kind of volume -> its fields that may not be empty."""
_EXPIRY = (600, 2**32)


@kept
def _volumes(obj: Object) -> list[tuple[Path, Object]]:
    """Those of the pod; what a claim template replaces is not looked at."""
    pod = core_pod(obj)
    replaced = {at(template, "metadata", "name") for _, template in claim_templates(obj)}
    found = each(pod.spec, pod.path, "volumes")
    return [(path, volume) for path, volume in found if volume.get("name") not in replaced] if replaced else [*found]


def sources(volume: Object) -> list[str]:
    """The kinds of volume that a volume says it is; one at most is right."""
    return [field for field, value in volume.items() if field != "name" and value is not None]


@rule("admission", *CORE_PODS, needs="volumes")
def volumes_named(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each volume of a pod has a name of its own, a DNS label, and one source.

    Why: the API server refuses a volume that is both a Secret and a ConfigMap, say, and two volumes of one name.

    Fix: make two volumes of it; `projected` is one volume with several sources.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidateVolumes and validateVolumeSource.
    """
    found = _volumes(obj)
    for path, volume in found:
        for fault in named(path, volume, "name", LABEL):
            yield Fault("volumes-named", *fault)
        for fault in alone(path, volume, sources(volume), "source"):
            yield Fault("volumes-named", *fault)
    for fault in once(((*path, "name"), volume.get("name")) for path, volume in found):
        yield Fault("volumes-named", *fault)


@rule("admission", *CORE_PODS, needs="volumes")
def volume_source_complete(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The source of a volume says what it must: a name, paths that stay inside of the volume, modes from 0 to 0777.

    Why: the API server refuses the pod. A mode is a number: `0644` is octal in YAML, `644` is not.

    Fix: see what is expected; paths are relative, without `..`.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, validateVolumeSource and what it calls.
    """
    for path, volume in _volumes(obj):
        for field in sources(volume)[:1]:
            for fault in _source((*path, field), field, part(volume, field)):
                yield Fault("volume-source-complete", *fault)


def _source(path: Path, field: str, source: Object) -> Wrongs:
    yield from required(path, source, *_REQUIRED.get(field, ()))
    yield from mode(path, source, "defaultMode")
    if field in ("secret", "configMap"):
        yield from _files(path, source)
    elif field == "projected":
        yield from _projected(path, source)
    elif field == "downwardAPI":
        for place, file in each(source, path, "items"):
            yield from downward_file(place, file)
    elif field == "emptyDir" and milli(source.get("sizeLimit")) < 0:
        yield wrong((*path, "sizeLimit"), "is negative", source["sizeLimit"], "0 or more")
    else:
        yield from _elsewhere(path, field, source)


def _elsewhere(path: Path, field: str, source: Object) -> Wrongs:
    where = source.get("path") or ""
    if field == "hostPath" and where:
        yield from without_steps((*path, "path"), where)
        if source.get("type"):
            yield from known((*path, "type"), source["type"], _TYPES)
    elif field == "nfs" and where and not where.startswith("/"):
        yield wrong((*path, "path"), "is not an absolute path", where, f"/{where}")
    elif field == "csi":
        if source.get("driver"):
            yield from _driver((*path, "driver"), source["driver"])
        if source.get("nodePublishSecretRef") is not None:
            yield from required((*path, "nodePublishSecretRef"), source["nodePublishSecretRef"], "name")
    elif field == "flocker":
        yield from alone(path, source, ("datasetName", "datasetUUID"), "name")
        if not source.get("datasetName") and not source.get("datasetUUID"):
            yield lacking((*path, "datasetName"), "datasetName or datasetUUID")
    elif field == "ephemeral":
        template = source.get("volumeClaimTemplate")
        if template is None:
            yield lacking((*path, "volumeClaimTemplate"))
        else:
            yield from claim_wrongs((*path, "volumeClaimTemplate", "spec"), part(template, "spec"))


def _driver(path: Path, name: str) -> Wrongs:
    if len(name) > 63 or not SUBDOMAIN.fits(name.lower()):
        yield wrong(
            path, "is not written as it must be", name, "the name of a driver, a DNS name of at most 63 characters"
        )


def _files(path: Path, source: Object) -> Wrongs:
    for place, item in each(source, path, "items"):
        yield from required(place, item, "key", "path")
        yield from mode(place, item, "mode")
        yield from _inside((*place, "path"), item.get("path") or "")


def _inside(path: Path, text: str) -> Wrongs:
    yield from inside(path, text)
    if text.startswith("..") and not text.startswith("../") and text != "..":
        yield wrong(path, "begins with `..`", text, "another name")


def _projected(path: Path, projected: Object) -> Wrongs:
    paths: list[tuple[Path, str]] = []
    for place, source in each(projected, path, "sources"):
        yield from alone(place, source, source, "source")
        for field in ("secret", "configMap"):
            if source.get(field) is not None:
                yield from required((*place, field), source[field], "name")
                yield from _files((*place, field), source[field])
        for where, file in each(source.get("downwardAPI"), (*place, "downwardAPI"), "items"):
            yield from downward_file(where, file)
        for field in ("secret", "configMap", "downwardAPI"):
            files = each(source.get(field), (*place, field), "items")
            paths += (((*where, "path"), file.get("path") or "") for where, file in files)
        if source.get("serviceAccountToken") is not None:
            yield from _token((*place, "serviceAccountToken"), source["serviceAccountToken"])
    yield from once(iter(paths), "is the path of another file already")


def _token(path: Path, token: Object) -> Wrongs:
    yield from required(path, token, "path")
    yield from within(path, token, "expirationSeconds", *_EXPIRY)
    yield from _inside((*path, "path"), token.get("path") or "")
