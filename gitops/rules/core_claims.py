"""What the API server asks of claims of storage beyond their schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.core_forms import (
    LABEL,
    SUBDOMAIN,
    Wrongs,
    each,
    if_named,
    known,
    lacking,
    milli,
    part,
    required,
    texts,
    written,
    wrong,
)
from gitops.rules.core_selectors import selector_wrongs
from gitops.rules.core_settled import settled

CLAIM = ("", "PersistentVolumeClaim")
_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_COPIED = (("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot"))
_AMOUNT = ("resources", "requests", "storage")


@rule("admission", CLAIM, ("apps", "StatefulSet"))
def claim_complete(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A PersistentVolumeClaim, or a StatefulSet's template of one, says how much storage it wants, and how it is accessed.

    Why: the API server refuses a claim without `accessModes` or `resources.requests.storage`, and words that it does not know.

    Fix: give both, such as `accessModes: [ReadWriteOnce]` and `storage: 10Gi`.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidatePersistentVolumeClaimSpec.
    """
    found = [((), obj)] if obj["kind"] == CLAIM[1] else list(claim_templates(obj))
    for path, claim in found:
        for fault in claim_wrongs((*path, "spec"), part(claim, "spec")):
            yield Fault("claim-complete", *fault)
    for path, template in found if obj["kind"] != CLAIM[1] else ():
        for fault in written((*path, "metadata", "name"), at(template, "metadata", "name") or "", LABEL):
            yield Fault("claim-complete", *fault)


def claim_templates(obj: Object) -> Sequence[tuple[Path, Object]]:
    """The claims that a StatefulSet makes for each of its pods."""
    return each(obj, (), "spec", "volumeClaimTemplates") if obj["kind"] == "StatefulSet" else ()


def claim_wrongs(path: Path, spec: Object) -> Wrongs:
    """What is wrong with the spec of a claim, or of a template of claims."""
    yield from _modes(path, spec)
    asked = at(spec, *_AMOUNT)
    if "storage" not in part(spec, "resources", "requests"):
        yield lacking((*path, *_AMOUNT), "a quantity, such as 10Gi")
    elif milli(asked) <= 0:
        yield wrong((*path, *_AMOUNT), "is not more than 0", asked, "a quantity, such as 10Gi")
    yield from if_named(path, spec, "storageClassName", SUBDOMAIN)
    yield from if_named(path, spec, "volumeAttributesClassName", SUBDOMAIN)
    if spec.get("volumeMode") is not None:
        yield from known((*path, "volumeMode"), spec["volumeMode"], ("Block", "Filesystem"))
    if spec.get("selector") is not None:
        yield from selector_wrongs((*path, "selector"), spec["selector"])
    yield from _data_sources(path, spec)


def _modes(path: Path, spec: Object) -> Wrongs:
    modes = list(texts(spec, path, "accessModes"))
    if not modes:
        yield lacking((*path, "accessModes"), f"one of: {', '.join(_MODES)}")
    for place, mode in modes:
        yield from known(place, mode, _MODES)
    found = {mode for _, mode in modes} & {*_MODES}
    if "ReadWriteOncePod" in found and len(found) > 1:
        hint = "it excludes all others"
        yield wrong((*path, "accessModes"), "has others beside ReadWriteOncePod", None, "ReadWriteOncePod alone", hint)


def _data_sources(path: Path, spec: Object) -> Wrongs:
    """A `dataSource` that is neither a claim nor a snapshot is dropped without a word."""
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None and ((source.get("apiGroup") or ""), source.get("kind")) not in _COPIED:
        source = None
    for field, found in (("dataSource", source), ("dataSourceRef", reference)):
        if found is not None:
            yield from required((*path, field), found, "name", "kind")
            yield from if_named((*path, field), found, "apiGroup", SUBDOMAIN)
    if reference is not None and not reference.get("apiGroup") and reference.get("kind") not in (None, "", CLAIM[1]):
        yield lacking((*path, "dataSourceRef", "apiGroup"), f"the group of {reference['kind']}")
    if source is not None and reference is not None:
        same = all(source.get(field) == reference.get(field) for field in ("apiGroup", "kind", "name"))
        if reference.get("namespace") or not same:
            yield wrong((*path, "dataSource"), "is not the same as `dataSourceRef`", None, "one of the two")


_GROWS = ("resources", "volumeAttributesClassName")
_FILLED = ("volumeName", "storageClassName", "volumeMode")


@rule("admission", CLAIM, update=True)
def claim_kept(old: Object, new: Object, cluster: Cluster) -> Iterator[Fault]:
    """A PersistentVolumeClaim keeps its spec; only the storage that it requests may grow.

    Why: the API server refuses any other change (`spec is immutable after creation except resources.requests`), and less storage.

    Fix: take the change back, or make a claim of another name and move the data.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidatePersistentVolumeClaimUpdate; the volume and the class that the
    cluster fills in are not compared where the new claim does not name them.
    """
    before, after = (part(obj, "spec") for obj in (old, new))
    for field in {**before, **after}:
        filled = field in _FILLED and (before.get(field) is None or after.get(field) is None)
        filled = filled and not (field == "volumeMode" and (after.get(field) or "Filesystem") != "Filesystem")
        if field not in _GROWS and not filled and settled(before.get(field)) != settled(after.get(field)):
            hint = "take the change back, or make a claim of another name"
            fault = wrong(
                ("spec", field), "changes, and a claim keeps it", after.get(field), "the same as until now", hint
            )
            yield Fault("claim-kept", *fault)
    limits = [settled({"limits": at(spec, "resources", "limits")}) for spec in (before, after)]
    if limits[0] != limits[1]:
        fault = wrong(("spec", "resources", "limits"), "changes, and a claim keeps it", None, "the same as until now")
        yield Fault("claim-kept", *fault)
    was, now = (at(spec, *_AMOUNT) for spec in (before, after))
    if was is not None and now is not None and milli(now) < milli(was):
        fault = wrong(
            ("spec", *_AMOUNT), "is less than until now", now, f"{was} or more", "claims grow, and never shrink"
        )
        yield Fault("claim-kept", *fault)
