"""`gitops validate` beside kubeconform, on the same objects with the same schemas: how long each takes."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.forms import objects
from benchmarks.generate import REPOSITORY
from benchmarks.measure import Case, Results, interleaved
from benchmarks.peers import TOOLS
from benchmarks.scenarios import GITOPS, Project, floor, python, render

KUBERNETES = "1.34"
CRDS = {"kserve": "0.20.0", "knative-kafka": "1.23.0", "external-secrets": "2.9.0"}
OPTIONS = ["--kubernetes-version", KUBERNETES, *(part for item in CRDS.items() for part in ("--crds", "=".join(item)))]


class Shares(NamedTuple):
    """What parts of a cold render's work are validation, in one process."""

    schemas: float
    rules: float


def kubeconform() -> str | None:
    """The binary that `make tools` installs, else that on PATH."""
    ours = TOOLS / "bin" / "kubeconform"
    return str(ours) if ours.exists() else shutil.which("kubeconform")


def times(project: Project, rounds: int) -> Results:
    """Validation of a project and of its objects as plain files, taking turns with a render, a floor and kubeconform."""
    plain = _plain(project)
    pool = schemas_of_all_kinds(project.scratch / "schemas-of-all-kinds")

    def here() -> Path:
        return project.rendered

    cases = [
        Case("bare python", python("-c", "pass"), here),
        Case("floor: write", floor("write", project), project.empty, shutil.rmtree),
        Case("render, cold", render, project.fresh, lambda folder: shutil.rmtree(folder.parent)),
        Case("validate, project", lambda _: [GITOPS, "validate"], here),
        Case("validate, files", lambda _: [GITOPS, "validate", plain, *OPTIONS], project.empty, shutil.rmtree),
    ]
    if (binary := kubeconform()) is not None:
        cases.append(Case("kubeconform, files", lambda _: conform(binary, pool, [plain]), here))
    return interleaved(cases, rounds)


def _plain(project: Project) -> Path:
    """All objects of a project, one in a file. Those in clear are left out of no tool's work."""
    from gitops.yaml import dump

    folder = project.scratch / "plain"
    for environment, found in objects(project.rendered).items():
        (folder / environment).mkdir(parents=True)
        for obj in found:
            name = f"{obj['kind'].lower()}-{obj['metadata']['name']}.yaml"
            (folder / environment / name).write_text(dump(obj))
    return folder


def schemas_of_all_kinds(folder: Path) -> Path:
    """Our strict schemas of every kind, of the newest releases, where kubeconform looks for them."""
    from gitops.schemas.files import library
    from gitops.validate.files import newest

    every = library(REPOSITORY / "schemas")
    schemas = every.schemas(newest(every.releases), KUBERNETES)
    folder.mkdir(parents=True)
    for version, kind in schemas.kinds():
        group, _, _ = version.partition("/")  # kubeconform takes the version for the group of a kind that has none
        name = f"{group}_{version.rpartition('/')[2]}_{kind.lower()}.json"
        (folder / name).write_text(json.dumps(schemas.schema(version, kind)))
    return folder


def conform(binary: str, pool: Path, where: Iterable[Path], *more: str) -> list[str | Path]:
    template = f"{pool}/{{{{.Group}}}}_{{{{.ResourceAPIVersion}}}}_{{{{.ResourceKind}}}}.json"
    return [binary, "-strict", "-schema-location", template, *more, *where]


def shares(project: Project, applications: int = 60, rounds: int = 5) -> Shares:
    """How much of the work of a cold render its validation is: the shortest time of each application, all in one process."""
    from gitops.disk.project import find_project, read_sources
    from gitops.pipeline import RENDERED, cluster_of, prepare, render_application, resolve_application
    from gitops.rules.judge import checked
    from gitops.schemas.files import library

    sources = read_sources(find_project(project.pristine))
    world = prepare(sources, library(project.pristine / "schemas"), RENDERED)
    shortest: dict[tuple[str, str], float] = {}
    for name in sorted(sources.specs)[:applications]:
        _, resolved, _ = resolve_application(world, name)
        each = [(cluster_of(one.objects, one.environment, world), one) for one in resolved.values()]

        def schemas(each: list[Any] = each) -> None:
            for cluster, one in each:
                for obj in one.objects:
                    checked(obj, cluster.schemas)

        def rules(each: list[Any] = each) -> None:
            for cluster, one in each:
                for obj in one.objects:
                    list(world.benches[one.environment.name].judge(obj, cluster))

        parts: dict[str, Callable[[], object]] = {
            "all": partial(render_application, world, name),
            "schemas": schemas,
            "rules": rules,
        }
        for _ in range(rounds):
            for part, work in parts.items():
                shortest[part, name] = min(shortest.get((part, name), inf), _seconds(work))
    whole = {
        part: sum(took for (of, _), took in shortest.items() if of == part) for part in ("all", "schemas", "rules")
    }
    return Shares(whole["schemas"] / whole["all"], whole["rules"] / whole["all"])


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
