"""Why there is no schema, for an object or for a version, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gitops.faults import Fault
from gitops.objects import group_of
from gitops.problems import Problem, did_you_mean, nearest
from gitops.schemas import sources

if TYPE_CHECKING:
    from gitops.schemas.store import Schemas

_WHY = "without its schema nothing can be said about the object, and the cluster may not know its kind at all"


def identity_faults(obj: Any) -> tuple[Fault, ...]:
    """What is wrong with apiVersion and kind themselves."""
    if not isinstance(obj, Mapping):
        return (Fault("wrong-type", (), "an object must be a map", expected="apiVersion, kind and metadata"),)
    faults = []
    for field in ("apiVersion", "kind"):
        value = obj.get(field)
        if value is None or value == "":
            message = f"`{field}` is missing"
            faults.append(Fault("missing-field", (field,), message, "nothing", "text", "every object names its type"))
        elif not isinstance(value, str):
            message = f"`{field}` must be a string"
            faults.append(Fault("wrong-type", (field,), message, expected="string", why="every object names its type"))
    return tuple(faults)


def no_schema(schemas: Schemas, api_version: str, kind: str) -> Fault:
    """The fault of an object whose exact group, version and kind the environment does not serve."""
    group = group_of(api_version)
    message = f"no schema for {kind} of {api_version} in this environment"
    for reason in (_other_version, _undeclared, _other_group, _misspelt):
        if found := reason(schemas, group, api_version, kind):
            return Fault("no-schema", ("apiVersion",), message, f"{api_version} {kind}", *found)
    hint = "add its CustomResourceDefinition: `gitops schemas add FILE… --project NAME --version V`, and declare it"
    expected = "a kind of Kubernetes itself or of a project under `crds:`"
    return Fault(
        "no-schema", ("apiVersion",), message, f"{api_version} {kind}", expected, _WHY, f"{hint} under `crds:`"
    )


_Reason = tuple[str, str, str] | None
"""expected, why, hint"""


def _other_version(schemas: Schemas, group: str, api_version: str, kind: str) -> _Reason:
    served = [f"{group}/{version}" if group else version for version in schemas.versions(group, kind)]
    if not served:
        return None
    hint = f"use apiVersion: {served[0]}"
    if elsewhere := _releases(schemas, api_version, kind):
        hint += f", or run {elsewhere[0]}, which serves {api_version}"
    return f"served here: {', '.join(served)}", "the API server would not find the resource", hint


def _undeclared(schemas: Schemas, group: str, api_version: str, kind: str) -> _Reason:
    found = _releases(schemas, api_version, kind)
    if not found:
        return None
    project, _, version = found[0].partition(" ")
    declared = schemas.crds.get(project)
    hint = f"declare `{project}: {version}` under `crds:` of the environment"
    if declared:
        hint += f" (now {declared})"
    return f"it is in {', '.join(found)}", _WHY, hint


def _other_group(schemas: Schemas, group: str, api_version: str, kind: str) -> _Reason:
    served = sorted(each for each, name in set(schemas.kinds()) if name == kind)
    if not served:
        return None
    return (
        f"served here: {', '.join(served)}",
        _WHY,
        f"did you mean apiVersion: {nearest(api_version, served) or served[0]}?",
    )


def _misspelt(schemas: Schemas, group: str, api_version: str, kind: str) -> _Reason:
    names = sorted({name for each, name in schemas.kinds() if each == api_version})
    near = nearest(kind, names)
    return (f"kinds of {api_version}: {', '.join(names)}", _WHY, f"did you mean kind: {near}?") if near else None


def _releases(schemas: Schemas, api_version: str, kind: str) -> list[str]:
    """Every release in the schemas folder that serves it, the newest of a project first."""
    known = sources.entries(schemas.library.releases)
    found = {(each.project, each.release) for each in known if (each.api_version, each.kind) == (api_version, kind)}
    newest_first = sorted(
        found, key=lambda release: [int(part) for part in re.findall(r"\d+", release[1])], reverse=True
    )
    return [" ".join(release) for release in sorted(newest_first, key=lambda release: release[0])]


def minor_of(kubernetes: str) -> str:
    """`1.34` of `v1.34.2+k3s1`; what is no version is returned as it is."""
    match = re.fullmatch(r"v?(\d+\.\d+)([.+-].*)?", kubernetes)
    return match[1] if match else kubernetes


def unknown_versions(
    known: sources.Sources, minors: Sequence[str], crds: Mapping[str, str], kubernetes: str
) -> tuple[Problem, ...]:
    """A problem for each version that an environment names and of which there are no schemas."""
    return (*_unknown_kubernetes(minors, kubernetes), *_unknown_releases(known, crds))


def _unknown_kubernetes(minors: Sequence[str], kubernetes: str) -> Iterator[Problem]:
    if minor_of(kubernetes) not in minors:
        yield Problem(
            rule="unknown-version",
            message=f"there are no schemas of Kubernetes {kubernetes}",
            pointer="/kubernetes",
            found=kubernetes,
            expected=f"{minors[0]} to {minors[-1]}",
            hint="newer versions come with newer releases of the package kubernetes-validate",
        )


def _unknown_releases(known: sources.Sources, crds: Mapping[str, str]) -> Iterator[Problem]:
    for project, version in crds.items():
        if (project, version) not in known:
            there = [each for name, each in known if name == project]
            add = f"`gitops schemas add FILE… --project {project} --version {version}`"
            meant = "" if there else did_you_mean(project, sorted({name for name, _ in known}))
            yield Problem(
                rule="unknown-version",
                message=f"there are no schemas of {project} {version}",
                pointer=f"/crds/{project}",
                found=version,
                expected=", ".join(there),
                hint="; ".join(filter(None, (meant, f"add its CustomResourceDefinitions: {add}"))),
            )
