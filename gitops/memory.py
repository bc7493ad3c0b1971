"""What the last render of a project left behind, asked in the project's own terms: which applications are fresh, and what they have."""

from __future__ import annotations

import contextlib
import marshal
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitops import __version__, cache
from gitops.disk import Plan
from gitops.objects import Key
from gitops.problems import ToolError
from gitops.project import Project, Sources

if TYPE_CHECKING:
    from gitops.pipeline import Rendered

COMMON = ""
"""The owner of outputs that belong to no application."""


class Known(NamedTuple):
    """What is remembered of a fresh application: where it runs, and its objects there."""

    environments: tuple[str, ...]
    identities: dict[str, list[Key]]


class Memory:
    """The cache of one project, for one run. Make it before reading anything: it takes the stamps of what will be read."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.version = tool_version()
        self.state = cache.load(project.root, self.version)
        self.key = self.state.key if self.state else cache.new_key()
        self.started = time.time_ns()

    def untouched(self) -> bool:
        """Whether nothing at all changed since the last render. Reads no file."""
        return self.state is not None and cache.untouched(self.state, self.project.root)

    def outputs(self) -> Iterator[str]:
        """The rendered files of the last run, relative to the overlays folder."""
        prefix = f"{self.project.overlays}/"
        for entry in (self.state.common, *self.state.applications.values()) if self.state else ():
            yield from (path.removeprefix(prefix) for path in entry.outputs if path.endswith(".yaml"))

    def read(self, sources: Sources) -> None:
        """Compare what was just read with what is remembered."""
        self.sources = sources
        self.common = self._digest(_common(sources), sorted(self._remembered_opened()))
        self.digests = {name: self._digest(_inputs(sources, name)) for name in sources.specs}
        self.fresh = set(filter(self._is_fresh, sources.specs)) if self._is_usable() else set()

    def _is_usable(self) -> bool:
        """Whether all that applications have in common is as it was, down to which folders of overlays there are."""
        state = self.state
        return (
            state is not None
            and state.common.digest == self.common
            and cache.as_stamped(state.common.outputs, self.project.root)
        )

    def _is_fresh(self, name: str) -> bool:
        return self.state is not None and cache.fresh(self.state, name, self.digests[name], self.project.root)

    @property
    def complete(self) -> bool:
        """Whether there is nothing to render: every application is fresh, and none has gone."""
        return self.state is not None and self.fresh == set(self.sources.specs) == set(self.state.applications)

    @property
    def gone(self) -> set[str]:
        """Applications that were rendered once and have no spec any more."""
        return set(self.state.applications) - set(self.sources.specs) if self.state else set()

    def known(self, name: str) -> Known:
        """What a fresh application has."""
        assert self.state is not None
        environments, identities = marshal.loads(self.state.applications[name].blob)
        return Known(
            environments, {environment: [Key(*key) for key in keys] for environment, keys in identities.items()}
        )

    def remember(self, rendered: Mapping[str, Rendered], plan: Plan) -> None:
        """Save what this run rendered; what was fresh stays as it is. To be called after writing."""
        prefix = f"{self.project.overlays}/"
        outputs: dict[str, list[str]] = {COMMON: [self.project.overlays], **{name: [] for name in rendered}}
        for path in (*plan.added, *plan.changed, *plan.unchanged):
            _, _, rest = path.partition("/")
            outputs[rest.partition("/")[0] if "/" in rest else COMMON].append(prefix + path)
        touched = [prefix + path for path in (*plan.added, *plan.changed, *plan.removed)]
        stamps = cache.output_stamps(self.project.root, outputs, touched, self.started)
        entries = {name: self._entry(name, each, stamps[name]) for name, each in rendered.items()}
        kept = (
            {name: entry for name, entry in self.state.applications.items() if name in self.fresh} if self.state else {}
        )
        old = self._remembered_opened() if self.fresh else set()
        opened = sorted(old.union(*(each.opened for each in rendered.values())))
        inputs = [*_common(self.sources), *_folders(self.sources), *opened]
        found = self._stamps(inputs)
        # What a spec opened was not read by us: if it may have changed since, nobody knows what the spec saw.
        known = cache.UNTRUSTED not in map(found.get, opened)
        digest = self._digest(_common(self.sources), opened) if known else b""
        common = cache.Entry(digest, found, stamps[COMMON])
        self._save(cache.State(self.key, common, {**kept, **entries}))

    def refresh(self) -> None:
        """Save the stamps of inputs anew, when every application is fresh: touched without a change, they cost a reading each time."""
        assert self.state is not None
        entries = {
            name: entry._replace(inputs=self._stamps(_inputs(self.sources, name)))
            for name, entry in self.state.applications.items()
        }
        common = self.state.common._replace(inputs=self._stamps(self.state.common.inputs))
        self._save(cache.State(self.key, common, entries))

    def _save(self, state: cache.State) -> None:
        """Keep it, if the disk lets us: what is not remembered costs only time."""
        with contextlib.suppress(ToolError):
            cache.save(self.project.root, self.version, state)

    def _remembered_opened(self) -> set[str]:
        """Files that specs opened in the last run, besides those that are inputs anyway."""
        others = {*_common(self.sources), *_folders(self.sources)}
        return set(self.state.common.inputs) - others if self.state else set()

    def _entry(self, name: str, rendered: Rendered, outputs: cache.Stamps) -> cache.Entry:
        identities = {environment: [tuple(key) for key in keys] for environment, keys in rendered.identities.items()}
        blob = marshal.dumps((rendered.environments, identities))
        return cache.Entry(self.digests[name], self._stamps(_inputs(self.sources, name)), outputs, blob)

    def _stamps(self, paths: Iterable[str]) -> cache.Stamps:
        """Stamps that say what was read: one that is younger than this run's start is of no use."""
        return cache.input_stamps(self.project.root, paths, self.started)

    def _digest(self, paths: Iterable[str], opened: Iterable[str] = ()) -> bytes:
        def chunks() -> Iterator[bytes]:
            for path in paths:
                yield path.encode()
                yield self.sources.files.get(path, b"")
            for path in opened:
                yield path.encode()
                yield _content(self.project.root / path)

        return cache.digest(self.key, chunks())


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _inputs(sources: Sources, name: str) -> list[str]:
    project = sources.project
    values = (project.values_file(environment, name) for environment in sources.environments)
    return [sources.specs[name], *(path for path in values if path in sources.files)]


def _common(sources: Sources) -> list[str]:
    project = sources.project
    return ["pyproject.toml", f"{project.schemas}/SOURCES.yaml", *map(project.environment_file, sources.environments)]


def _folders(sources: Sources) -> list[str]:
    """Folders whose listings say which applications, environments and values files there are."""
    project = sources.project
    return [project.specs, project.environments, *(f"{project.environments}/{name}" for name in sources.environments)]


def tool_version() -> str:
    """Changes whenever this package or the libraries beside it do."""
    import click

    stamps = []
    for folder in _packages(Path(__file__).parent):
        stamps += [
            (found.st_mtime_ns, found.st_size)
            for entry in os.scandir(folder)
            if entry.name.endswith(".py")
            if (found := entry.stat())
        ]
    libraries = Path(click.__file__).parents[1].stat().st_mtime_ns
    return f"{__version__}-{hash((libraries, *sorted(stamps))):x}"


def _packages(home: Path) -> Iterator[Path]:
    yield home
    for entry in os.scandir(home):
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _packages(Path(entry.path))
