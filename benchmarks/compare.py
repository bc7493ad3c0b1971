"""Peers, each checked document for document before its time counts, and kustomize building what the tool wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks.forms import Forms, differences, forms, objects, rows, schemas
from benchmarks.generate import ENVIRONMENTS
from benchmarks.measure import Failed, Run, middle, once
from benchmarks.peers import ALL, PEERS, PYTHON, TOOLS, Peer
from benchmarks.peers import HERE as SCRIPTS
from benchmarks.scenarios import GITOPS, Project

SLOW = 8.0
"""Seconds after which a peer is run once only."""


class Measured(NamedTuple):
    """A peer's time and how much of the tool's own it is in the same minutes; or why there is none."""

    name: str
    does: str
    run: Run | None = None
    ours: Run | None = None
    runs: int = 0
    note: str = ""


def install() -> dict[str, str]:
    """Install the peers that are not there yet; what a registry calls them -> why they could not be."""
    PEERS.mkdir(parents=True, exist_ok=True)
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", PEERS / "venv"], check=True)
    return {name: why for name in sorted({name for peer in ALL for name in peer.needs}) if (why := _install(name))}


def _install(name: str) -> str:
    kind, _, package = name.rpartition(":")
    if kind:
        if (PEERS / "npm" / "node_modules" / package).exists():
            return ""
        command = ["npm", "install", "--silent", "--prefix", PEERS / "npm", package]
    else:
        if subprocess.run([PYTHON, "-m", "pip", "show", "-q", package], capture_output=True).returncode == 0:
            return ""
        command = [PYTHON, "-m", "pip", "install", "-q", package]
    try:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        return type(error).__name__
    return " ".join(done.stderr.strip().splitlines()[-1:]) or "it failed without a word" if done.returncode else ""


def peers(project: Project, applications: int, rounds: int, missing: dict[str, str]) -> list[Measured]:
    """Every peer, the tool's own cold run taking turns with it."""
    wanted, form = objects(project.rendered), forms()
    return [_peer(peer, project, applications, rounds, missing, wanted, form) for peer in ALL]


def _peer(
    peer: Peer, project: Project, applications: int, rounds: int, missing: dict[str, str], wanted: Forms, form: Forms
) -> Measured:
    """One peer. Its failure is its result, and ends nothing else."""
    why = "; ".join(f"{name} does not install: {missing[name]}" for name in peer.needs if name in missing)
    work = project.empty()
    theirs, ours = [], []
    try:
        if why:
            raise Failed(why)
        _inputs(work, peer, project, applications, form)
        for _ in range(rounds):
            ours.append(cold(project))
            theirs.append(_output(peer, work, wanted))
            if theirs[0].seconds > SLOW:
                break
    except Failed as error:
        return Measured(peer.name, peer.does, note=str(error))
    finally:
        shutil.rmtree(work)
    return Measured(peer.name, peer.does, middle(theirs), middle(ours), len(theirs))


def _inputs(work: Path, peer: Peer, project: Project, applications: int, form: Forms) -> None:
    by_environment = rows(applications)
    for name, values in by_environment.items():
        (work / f"{name}.json").write_text(json.dumps(values))
    (work / "environments").symlink_to(project.pristine / "environments")
    (work / "schemas.json").write_text(json.dumps(schemas(project.rendered)))
    peer.inputs(work, form, by_environment)


def _output(peer: Peer, work: Path, wanted: Forms) -> Run:
    out = work / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    run = once(peer.command(work, out), work)
    if wrong := differences(out, wanted):
        raise Failed(f"its output is not what was asked for: {len(wrong)} documents, such as {wrong[0]}")
    return run


def cold(project: Project) -> Run:
    """One cold run of the tool."""
    folder = project.fresh()
    try:
        return once([GITOPS, "render"], folder)
    finally:
        shutil.rmtree(folder.parent)


def kustomize_binary() -> str | None:
    """The real kustomize: the one that `make tools` installs, else that on PATH."""
    ours = TOOLS / "bin" / "kustomize"
    return str(ours) if ours.exists() else shutil.which("kustomize")


def kustomize(project: Project, applications: int, sample: int) -> list[Measured]:
    """Building the overlays, two processes at a time: one an overlay, and 50 in one build.

    Both take time in proportion to the number of builds, so a sample is measured and multiplied.
    """
    singly = "kustomize build, one an overlay"
    batched = "kustomize build, 50 overlays each"
    binary = kustomize_binary()
    if binary is None:
        return [
            Measured(name, "builds overlays", note="there is no kustomize: `make tools`") for name in (singly, batched)
        ]
    wanted = objects(project.rendered)
    overlays = [
        f"{environment}/{path.name}"
        for environment in ENVIRONMENTS
        for path in sorted((project.rendered / "overlays" / environment).iterdir())
        if path.is_dir()
    ]
    return [
        _build(singly, binary, project, overlays, 1, sample, wanted),
        _build(batched, binary, project, overlays, 50, max(2, sample // 10), wanted),
    ]


def _build(
    name: str, binary: str, project: Project, overlays: list[str], size: int, builds: int, wanted: Forms
) -> Measured:
    batches = [overlays[start : start + size] for start in range(0, len(overlays), size)]
    step = max(1, len(batches) // builds)
    chosen = batches[::step][:builds]
    work = project.empty()
    (work / "out").mkdir()
    shutil.copytree(project.rendered / "overlays", work / "overlays")
    commands = []
    for number, batch in enumerate(chosen):
        folder = work / "overlays" / f"batch{number}"
        folder.mkdir()
        (folder / "kustomization.yaml").write_text(json.dumps({"resources": [f"../{overlay}" for overlay in batch]}))
        target = work / "overlays" / batch[0] if size == 1 else folder
        commands.append(([binary, "build", str(target)], str(work / "out" / f"{number}.yaml")))
    (work / "commands.json").write_text(json.dumps({"at_once": 2, "commands": commands}))
    some = {environment: [] for environment in ENVIRONMENTS}
    names = {overlay for batch in chosen for overlay in batch}
    for environment, found in wanted.items():
        some[environment] = [obj for obj in found if f"{environment}/{_application(obj)}" in names]
    try:
        run = once([sys.executable, SCRIPTS / "each.py", work / "commands.json"], work)
        if wrong := differences(work / "out", some):
            raise Failed(f"its output is not what was asked for: {len(wrong)} documents, such as {wrong[0]}")
        whole = Run(run.seconds * len(batches) / len(chosen), run.mebibytes)
        part = f"{len(chosen)} of {len(batches)} builds, multiplied" if len(chosen) < len(batches) else ""
        return Measured(name, "builds overlays", whole, cold(project), 1, part)
    except Failed as error:
        return Measured(name, "builds overlays", note=str(error))
    finally:
        shutil.rmtree(work)


def _application(obj: dict[str, object]) -> str:
    labels = obj["metadata"].get("labels", {})  # type: ignore[attr-defined]
    return labels.get("app.kubernetes.io/name", "")
