"""What committed overlays mean: the whole objects of each application in each environment, as Kustomize builds them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gitops import kustomization
from gitops.emit import KUSTOMIZATION
from gitops.location import Location
from gitops.objects import Object
from gitops.problems import InvalidInput, Problem
from gitops.project import BASE
from gitops.split import apply, target_of
from gitops.yaml import dump, parse
from gitops.yaml.own import reread

NAMES = frozenset({KUSTOMIZATION, "kustomization.yml", "Kustomization"})
"""File names that Kustomize looks for; ours is the first."""

BASE_FIELDS = frozenset({"resources"})
OVERLAY_FIELDS = frozenset({"namespace", "resources", "patches"})

# Kustomize takes these annotations as said to itself: it drops the object, or the annotation.
_FOR_KUSTOMIZE = re.compile(r"(.+\.)?config\.(kubernetes|k8s)\.io/.*")


class Placed(NamedTuple):
    """A whole object, and the committed file that it stands in: the base's, though patched, or the environment's own."""

    object: Object
    file: str


class Committed(NamedTuple):
    """The objects of every application in every environment but `base`, which nothing deploys, and what was not read.

    Keys are (environment, application). One that has no key was not there, or has a problem (a warning).
    """

    objects: dict[tuple[str, str], list[Placed]]
    problems: tuple[Problem, ...] = ()


class _Unreadable(Exception):
    """Why a file cannot be read back, and where in it."""

    def __init__(self, location: Location, what: str) -> None:
        super().__init__(what)
        self.location = location
        self.what = what


def committed_objects(files: Mapping[str, bytes], folder: str = "") -> Committed:
    """What the files of an overlays folder make: whole objects, equal to those that were rendered into them.

    `files` has contents by path; only those below `folder` are looked at, and of these only what `<env>/<app>` and
    `base/<app>` name: the files of one application are enough for its objects. Objects share parts, so nobody may change
    one. Raises nothing that concerns a file: rule `base-unreadable` reports it.
    """
    tree = _Tree(files, f"{folder}/" if folder.strip("./") else "")
    objects: dict[tuple[str, str], list[Placed]] = {}
    problems = []
    for environment, application in dict.fromkeys(tree.overlays()):
        try:
            objects[environment, application] = tree.built(environment, application)
        except _Unreadable as error:
            problems.append(_problem(error, environment))
    return Committed(objects, tuple(problems))


class _Tree:
    """The files of an overlays folder. What a base holds is read once for all of its environments."""

    def __init__(self, files: Mapping[str, bytes], prefix: str) -> None:
        self.files = files
        self.prefix = prefix
        self.bases: dict[str, list[Placed] | _Unreadable] = {}

    def overlays(self) -> Iterator[tuple[str, str]]:
        """Environment and application of every overlay, in order; one that has files of two names comes twice."""
        for path in sorted(path for path in self.files if path.startswith(self.prefix)):
            environment, *rest = path.removeprefix(self.prefix).split("/")
            if len(rest) == 2 and rest[1] in NAMES and environment != BASE:
                yield environment, rest[0]

    def built(self, environment: str, application: str) -> list[Placed]:
        """The objects of an application in an environment."""
        folder = f"{self.prefix}{environment}/{application}"
        data, names = self.kustomization(folder, OVERLAY_FIELDS)
        place, first = Location(f"{folder}/{KUSTOMIZATION}"), f"../../{BASE}/{application}"
        if names[:1] != [first]:
            raise _Unreadable(place, f"its first resource is not `{first}`")
        resources = [*self.base(application), *self.placed(folder, names[1:])]
        try:
            return _built(data, resources)
        except InvalidInput as error:
            raise _Unreadable(place, f"a patch is no YAML: {error.problems[0].message}") from None
        except ValueError as error:
            raise _Unreadable(place, str(error)) from None

    def base(self, application: str) -> list[Placed]:
        """The objects of an application's base."""
        if application not in self.bases:
            folder = f"{self.prefix}{BASE}/{application}"
            try:
                self.bases[application] = self.placed(folder, self.kustomization(folder, BASE_FIELDS)[1])
            except _Unreadable as error:
                self.bases[application] = error
        found = self.bases[application]
        if isinstance(found, _Unreadable):
            raise found
        return found

    def kustomization(self, folder: str, known: frozenset[str]) -> tuple[dict[str, Any], list[str]]:
        """The data of a folder's kustomization, which has no other fields than these, and its resources."""
        if others := sorted(name for name in NAMES - {KUSTOMIZATION} if f"{folder}/{name}" in self.files):
            raise _Unreadable(Location(f"{folder}/{others[0]}"), f"only `{KUSTOMIZATION}` is written there")
        path = f"{folder}/{KUSTOMIZATION}"
        data = self.data(path)
        try:
            return data, kustomization.fields(data, known)
        except ValueError as error:
            raise _Unreadable(Location(path), str(error)) from None

    def placed(self, folder: str, names: Sequence[str]) -> list[Placed]:
        """The objects of files in a folder."""
        for name in names:
            if "/" in name or f"{folder}/{name}" not in self.files:
                raise _Unreadable(
                    Location(f"{folder}/{KUSTOMIZATION}"), f"its resource `{name}` is no committed file beside it"
                )
        return [Placed(self.object(f"{folder}/{name}"), f"{folder}/{name}") for name in names]

    def object(self, path: str) -> Object:
        """The one object of a file."""
        obj: Object = self.data(path)
        if not kustomization.is_object(obj):
            raise _Unreadable(Location(path), "it is no single object with apiVersion, kind and a name")
        annotations = obj["metadata"].get("annotations")
        if type(annotations) is dict and any(map(_FOR_KUSTOMIZE.fullmatch, annotations)):
            raise _Unreadable(Location(path), "it has an annotation that tells Kustomize what to do")
        return obj

    def data(self, path: str) -> Any:
        """The one document of a file."""
        if path not in self.files:
            raise _Unreadable(Location(path), "it is not committed")
        try:
            return _parsed(self.files[path].decode(), path)
        except UnicodeDecodeError:
            raise _Unreadable(Location(path), "it is not UTF-8") from None
        except InvalidInput as error:
            first = error.problems[0]
            raise _Unreadable(first.location or Location(path), first.message) from None


def _parsed(text: str, path: str) -> Any:
    """The data of a file, which most likely has our one line of comment above what we wrote."""
    first, _, rest = text.partition("\n")
    data = reread(rest, dump) if first.startswith("#") else None
    return parse(text, path) if data is None else data


def _built(data: Mapping[str, Any], resources: Sequence[Placed]) -> list[Placed]:
    """What an overlay makes of its resources. ValueError with the reason if that is not certain."""
    before = [each.object for each in resources]
    overlay = kustomization.overlay(data, before)
    after = apply(before, overlay)
    gone = {target_of(stub) for stub in overlay.deleted}
    left = [each for each in resources if not gone or target_of(each.object) not in gone]
    kustomization.check([each.object for each in left], overlay, after)
    return [Placed(obj, each.file) for obj, each in zip(after, left, strict=True)]


def _problem(error: _Unreadable, environment: str) -> Problem:
    return Problem(
        "base-unreadable",
        f"the committed `{error.location.file}` cannot be read back: {error.what}",
        error.location,
        severity="warning",
        environments=(environment,),
        why="only overlays as this tool writes them are read back, exactly and without Kustomize; this application is "
        "compared with nothing, so a change that the cluster would refuse is not found in it.",
        hint="render it, and commit what is written; what somebody changed by hand belongs in the spec or its values",
        quotable=False,  # the line is that of another revision
    )
