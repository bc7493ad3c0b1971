"""Where containers mount the volumes of their pod."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.problems import nearest
from gitops.rules.base import Cluster, at, rule
from gitops.rules.core_claims import claim_templates
from gitops.rules.core_forms import Wrongs, alone, each, inside, known, lacking, once, required, without_steps, wrong
from gitops.rules.core_pods import CORE_PODS, Container, containers, core_pod
from gitops.rules.core_volumes import sources


@rule("admission", *CORE_PODS, needs=("volumeMounts", "volumeDevices"))
def mounts_name_volumes(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every `volumeMounts` entry names a volume of the pod, and mounts it where nothing else is mounted.

    Why: the API server refuses the pod (`volumeMounts[0].name: Not found`), and every workload with such a template.

    Fix: add the volume to `volumes`, or correct the name; in a StatefulSet a `volumeClaimTemplates` entry will do as well.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidateVolumeMounts and ValidateVolumeDevices.
    """
    pod = core_pod(obj)
    names = {volume.get("name") or "": volume for _, volume in each(pod.spec, pod.path, "volumes")}
    for _, template in claim_templates(obj):
        names[at(template, "metadata", "name") or ""] = {"ephemeral": {}}
    for container in containers(pod):
        if container.spec.get("volumeMounts") or container.spec.get("volumeDevices"):
            for fault in (*_mounts(container, names), *_devices(container, names)):
                yield Fault("mounts-name-volumes", *fault)


def _named(path: Path, mount: Object, names: dict[str, Object]) -> Wrongs:
    name = mount.get("name") or ""
    if not name:
        yield lacking((*path, "name"))
    elif name not in names:
        near = nearest(name, [known for known in names if known])
        hint = f"did you mean `{near}`?" if near else "add it to `volumes`"
        yield wrong((*path, "name"), "names no volume of the pod", name, "a name from `volumes`", hint)


def _mounts(container: Container, names: dict[str, Object]) -> Wrongs:
    mounts = list(each(container.spec, container.path, "volumeMounts"))
    for path, mount in mounts:
        yield from _named(path, mount, names)
        yield from required(path, mount, "mountPath")
        for field in ("subPath", "subPathExpr"):
            if mount.get(field):
                yield from inside((*path, field), mount[field])
        if mount.get("subPath") and mount.get("subPathExpr"):
            yield from alone(path, mount, ("subPath", "subPathExpr"), "way")
        yield from _propagation(path, mount, container)
    yield from once(((*path, "mountPath"), mount.get("mountPath")) for path, mount in mounts)


def _propagation(path: Path, mount: Object, container: Container) -> Wrongs:
    found, whole = mount.get("mountPropagation"), mount.get("recursiveReadOnly")
    if found is not None:
        yield from known((*path, "mountPropagation"), found, ("Bidirectional", "HostToContainer", "None"))
        if found == "Bidirectional" and at(container.spec, "securityContext", "privileged") is not True:
            yield wrong((*path, "mountPropagation"), "is for privileged containers", found, "None or HostToContainer")
    if whole is not None:
        yield from known((*path, "recursiveReadOnly"), whole, ("Disabled", "IfPossible", "Enabled"))
        if whole in ("IfPossible", "Enabled") and (mount.get("readOnly") is not True or found not in (None, "None")):
            yield wrong((*path, "recursiveReadOnly"), "needs `readOnly: true` and no propagation", whole, "Disabled")


def _devices(container: Container, names: dict[str, Object]) -> Wrongs:
    if not container.spec.get("volumeDevices"):
        return
    mounts = list(each(container.spec, container.path, "volumeMounts"))
    devices = list(each(container.spec, container.path, "volumeDevices"))
    for path, device in devices:
        yield from _named(path, device, names)
        volume = names.get(device.get("name") or "", {})
        if volume and not {"persistentVolumeClaim", "ephemeral"} & {*sources(volume)}:
            yield wrong((*path, "name"), "is not a claim", device["name"], "a volume with `persistentVolumeClaim`")
        yield from required(path, device, "devicePath")
        yield from without_steps((*path, "devicePath"), device.get("devicePath") or "")
    for field, other in (("name", "name"), ("devicePath", "mountPath")):
        used = {mount.get(other) for _, mount in mounts}
        yield from once(((*path, field), device.get(field)) for path, device in devices)
        for path, device in devices:
            if device.get(field) and device[field] in used:
                yield wrong((*path, field), "is that of a mount already", device[field], "another one")
