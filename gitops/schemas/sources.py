"""schemas/SOURCES.yaml: where every schema came from and what its bytes were; also the index of all that there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gitops.location import Location
from gitops.problems import InvalidInput, Problem

FILE = "SOURCES.yaml"


class Entry(NamedTuple):
    """One schema file."""

    project: str
    release: str
    api_version: str
    kind: str
    scope: str
    path: str
    """Below schemas/."""
    sha256: str

    @property
    def group(self) -> str:
        """The API group."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """The version of the API, such as v1beta1."""
        return self.api_version.rpartition("/")[2]


class Origin(NamedTuple):
    """Where a release was taken from; each may be empty."""

    repository: str = ""
    commit: str = ""
    licence: str = ""


class Upstream(NamedTuple):
    """One CRD file of upstream, and what it became."""

    path: str
    sha256: str
    entries: tuple[Entry, ...]


class Release(NamedTuple):
    """All that is known of one version of one project."""

    project: str
    version: str
    origin: Origin
    files: tuple[Upstream, ...]

    @property
    def entries(self) -> Iterator[Entry]:
        """Every schema of it."""
        return (entry for file in self.files for entry in file.entries)


Sources = dict[tuple[str, str], Release]
"""(project, version) -> its release."""


def parse(data: bytes | None) -> Sources:
    """Read SOURCES.yaml; no file is no sources.

    Raises InvalidInput (`schema-sources`) where it is not what `gitops schemas add` writes.
    """
    from gitops.yaml import parse as parse_yaml

    try:
        document = parse_yaml((data or b"").decode(), FILE)
        if document is None:
            return {}
        releases = [
            _release(project, version, body) for project, of in document.items() for version, body in of.items()
        ]
    except (UnicodeDecodeError, TypeError, KeyError, AttributeError):
        hint = "restore it from git, or write it anew with `gitops schemas add`"
        message = f"{FILE} is not what `gitops schemas add` writes"
        raise InvalidInput([Problem("schema-sources", message, Location(FILE), hint=hint)]) from None
    return {(release.project, release.version): release for release in releases}


def text(sources: Sources) -> str:
    """What `parse` reads; equal sources give equal bytes."""
    from gitops.yaml import dump

    document: dict[str, dict[str, Any]] = {}
    for (project, version), release in sorted(sources.items()):
        document.setdefault(project, {})[version] = _document(release)
    return f"# Written by `gitops schemas add`; checked by `gitops schemas verify`.\n{dump(document)}"


def add(sources: Sources, release: Release) -> Sources:
    """Sources with the files of `release` added to what was known of it; a file or schema of the same path is replaced."""
    known = sources.get((release.project, release.version), release._replace(files=()))
    files = {file.path: file for file in (*known.files, *release.files)}
    fresh = {entry.path for entry in release.entries}
    changed = {file.path for file in release.files}
    kept = [file if file.path in changed else _without(file, fresh) for _, file in sorted(files.items())]
    origin = Origin(*(new or old for new, old in zip(release.origin, known.origin, strict=True)))
    merged = release._replace(origin=origin, files=tuple(file for file in kept if file.entries))
    return sources | {(release.project, release.version): merged}


def entries(sources: Sources) -> Iterator[Entry]:
    """Every schema that there is."""
    return (entry for release in sources.values() for entry in release.entries)


def _without(file: Upstream, paths: set[str]) -> Upstream:
    return file._replace(entries=tuple(entry for entry in file.entries if entry.path not in paths))


def _release(project: str, version: str, body: Mapping[str, Any]) -> Release:
    folder = f"{project}/{version}"
    files = [
        Upstream(
            str(file["path"]),
            str(file["sha256"]),
            tuple(
                Entry(
                    *(project, version, each["apiVersion"], each["kind"], each["scope"]),
                    *(f"{folder}/{each['file']}", each["sha256"]),
                )
                for each in file["schemas"]
            ),
        )
        for file in body["files"]
    ]
    return Release(project, version, Origin(*(body.get(field, "") for field in Origin._fields)), tuple(files))


def _document(release: Release) -> dict[str, Any]:
    folder = f"{release.project}/{release.version}/"
    origin = {field: value for field, value in release.origin._asdict().items() if value}
    return origin | {
        "files": [
            {
                "path": file.path,
                "sha256": file.sha256,
                "schemas": [
                    {
                        "file": entry.path.removeprefix(folder),
                        "apiVersion": entry.api_version,
                        "kind": entry.kind,
                        "scope": entry.scope,
                        "sha256": entry.sha256,
                    }
                    for entry in sorted(file.entries, key=lambda entry: entry.path)
                ],
            }
            for file in release.files
        ]
    }
