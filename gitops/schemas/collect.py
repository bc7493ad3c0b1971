"""The schemas folder as a whole: CRD files come in, and what is there is verified. Bytes in, bytes out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from gitops.location import Location
from gitops.problems import InvalidInput, Problem, UsageError
from gitops.schemas import sources
from gitops.schemas.compiled import compile_schema
from gitops.schemas.prepare import Prepared, prepare
from gitops.schemas.share import encode
from gitops.schemas.sources import Entry, Origin, Release, Sources, Upstream

README = "README.md"
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


class Change(NamedTuple):
    """What adding files does to the folder: contents to write, files to remove, and the schemas that were added."""

    write: dict[str, bytes]
    remove: tuple[str, ...]
    added: tuple[Entry, ...]


def collect(known: Sources, crds: Iterable[tuple[str, bytes]], project: str, version: str, origin: Origin) -> Change:
    """Add CRD files (upstream's path and bytes of each) to a project's release; each is read as it comes.

    Raises UsageError for a name that cannot be a folder, and InvalidInput with the problems of every file
    (those of `gitops.yaml.parse_all`, `not-utf8`, `yaml-documents`, `not-a-crd`, `unsupported-schema`,
    `duplicate-schema`).
    """
    for option, name in (("--project", project), ("--version", version)):
        if not _NAME.fullmatch(name):
            raise UsageError(f"{option} {name!r}: use letters, digits, `.`, `_` and `-`, as in `kserve` and `0.20.0`")
    read = [_attempt(path, data) for path, data in crds]
    prepared = [(file.path, each) for file in read for each in file.schemas]
    problems = [*(problem for file in read for problem in file.problems), *_duplicates(prepared)]
    if problems:
        raise InvalidInput(problems)
    return _change(known, read, Release(project, version, origin, ()))


class _File(NamedTuple):
    path: str
    sha256: str
    schemas: tuple[Prepared, ...] = ()
    problems: tuple[Problem, ...] = ()


def _attempt(path: str, data: bytes) -> _File:
    file = _File(path, _sha256(data))
    try:
        schemas = prepare(_document(path, data), path)
    except InvalidInput as error:
        return file._replace(problems=error.problems)
    problems = tuple(problem for each in schemas for problem in _uncompilable(path, each))
    return file._replace(schemas=schemas, problems=problems)


def _document(path: str, data: bytes) -> Any:
    from gitops.yaml import parse_all

    try:
        documents = [each for each in parse_all(data.decode(), path) if each is not None]
    except UnicodeDecodeError as error:
        hint = "give a CustomResourceDefinition as YAML or JSON, in UTF-8"
        message = f"byte {error.start} is not UTF-8"
        raise InvalidInput([Problem("not-utf8", message, Location(path), hint=hint)]) from None
    if len(documents) != 1:
        message = f"expected one CustomResourceDefinition, found {len(documents)} documents"
        hint = "split the file: one CustomResourceDefinition to a file"
        raise InvalidInput([Problem("yaml-documents", message, Location(path), hint=hint)])
    return documents[0]


def _uncompilable(path: str, prepared: Prepared) -> Iterator[Problem]:
    try:
        compile_schema(encode(prepared.schema))
    except ValueError as error:
        message = f"{prepared.kind} {prepared.version}: {_first_line(error)}"
        hint = "the schema cannot be evaluated; report it upstream, or leave this kind out"
        yield Problem("unsupported-schema", message, Location(path), hint=hint)


def _duplicates(prepared: Iterable[tuple[str, Prepared]]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for path, each in prepared:
        other = first.setdefault(each.path, path)
        if other != path:
            message = f"{each.kind} {each.version} of {each.group} is in {other} too"
            yield Problem("duplicate-schema", message, Location(path), hint="give only one of the two")


def _change(known: Sources, files: list[_File], release: Release) -> Change:
    folder = f"{release.project}/{release.version}"
    contents = {f"{folder}/{each.path}": encode(each.schema) for file in files for each in file.schemas}
    upstream = tuple(
        Upstream(file.path, file.sha256, tuple(_entry(release, each, contents) for each in file.schemas))
        for file in files
    )
    after = sources.add(known, release._replace(files=upstream))
    left = {entry.path for entry in sources.entries(after)}
    gone = sorted({entry.path for entry in sources.entries(known)} - left)
    contents[sources.FILE] = sources.text(after).encode()
    return Change(contents, tuple(gone), tuple(entry for file in upstream for entry in file.entries))


def _entry(release: Release, each: Prepared, contents: Mapping[str, bytes]) -> Entry:
    path = f"{release.project}/{release.version}/{each.path}"
    identity = (f"{each.group}/{each.version}", each.kind, each.scope)
    return Entry(release.project, release.version, *identity, path, _sha256(contents[path]))


def verify(read: Callable[[str], bytes | None], paths: Iterable[str]) -> tuple[Problem, ...]:
    """Everything in which the folder is not what SOURCES.yaml says; `paths` are all files below it.

    Places are relative to the folder.

    Raises InvalidInput (`schema-sources`).
    """
    listed = {entry.path: entry for entry in sources.entries(sources.parse(read(sources.FILE)))}
    problems = [problem for entry in listed.values() for problem in _check(entry, read(entry.path))]
    for path in sorted(set(paths) - listed.keys() - {sources.FILE, README}):
        message = f"{path} is not listed in {sources.FILE}"
        hint = "remove it, or add its CustomResourceDefinition with `gitops schemas add`"
        problems.append(Problem("schema-file", message, Location(path), hint=hint))
    return tuple(problems)


def _check(entry: Entry, data: bytes | None) -> Iterator[Problem]:
    hint = "restore it from git, or add its CustomResourceDefinition again"
    if data is None:
        yield Problem("schema-file", f"{entry.path} is missing", Location(entry.path), hint=hint)
    elif _sha256(data) != entry.sha256:
        message = f"{entry.path} is not what was added"
        found, expected = f"sha256 {_sha256(data)}", f"sha256 {entry.sha256}"
        location = Location(entry.path)
        yield Problem("schema-file", message, location, found=found, expected=expected, hint=hint)
    else:
        try:
            compile_schema(data)
        except ValueError as error:
            message = f"{entry.path} is not a JSON schema: {_first_line(error)}"
            yield Problem("schema-file", message, Location(entry.path), hint=hint)


def _first_line(error: ValueError) -> str:
    return str(error).partition("\n")[0]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
