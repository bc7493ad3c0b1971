"""What `gitops validate` and kubeconform find in the same files with the same schemas."""

from __future__ import annotations

import csv
import io
import json
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from benchmarks.generate import REPOSITORY
from benchmarks.validation import conform, kubeconform, schemas_of_all_kinds

MISTAKES = REPOSITORY.parent / "shared" / "cases"
EXAMPLES = REPOSITORY / "tests" / "rules"

CLASSES = {
    "yaml-parse": "not YAML, or a key twice",
    "rest-mapping": "no such kind or version",
    "structural": "does not fit the schema of its CRD",
    "schema": "does not fit the schema of its CRD",
    "core-decode": "does not fit a schema of Kubernetes",
    "core-validation": "fits, but Kubernetes refuses it",
    "webhook": "fits, but an admission webhook refuses it",
    "controller": "is accepted, and its controller fails",
    "runtime": "is accepted, and fails or is ignored when it runs",
    "none": "is accepted, and means something else than it says",
}
"""Who refuses a mistake, in the index of the collected ones -> what that is."""
LAYERS = {
    "admission": "an admission webhook, or Kubernetes beyond its schemas, would refuse it",
    "controller": "a controller would fail or misread it",
    "reference": "it names what is not there",
    "policy": "it breaks a policy",
}


class Found(NamedTuple):
    """Of how many files of a class each tool finds fault with."""

    what: str
    files: int
    ours: int
    theirs: int | None


def finds(scratch: Path) -> list[Found]:
    """What each tool finds in real mistakes, where that collection is there, and in the failing examples of our rules."""
    pool = schemas_of_all_kinds(scratch / "schemas-of-all-kinds")
    by_class = [*_mistakes(), *_examples()]
    told = _faulty_to_kubeconform(pool, [file for _, files in by_class for file in files])
    return [
        Found(what, len(files), sum(map(_is_faulty, files)), None if told is None else len(told.intersection(files)))
        for what, files in by_class
    ]


def _mistakes() -> Iterator[tuple[str, list[Path]]]:
    index = MISTAKES / "INDEX-invalid.csv"
    rows = list(csv.DictReader(index.open(encoding="utf-8", newline=""))) if index.exists() else []
    for what in dict.fromkeys(CLASSES.values()):
        if files := [MISTAKES / row["file"] for row in rows if CLASSES.get(row["rejected_by"]) == what]:
            yield f"real mistake: {what}", files


def _examples() -> Iterator[tuple[str, list[Path]]]:
    from gitops.rules.table import RULES

    for layer, what in LAYERS.items():
        rules = [rule for rule in RULES if rule.layer == layer]
        yield (
            f"example of our rules: {what}",
            [each for rule in rules for each in sorted((EXAMPLES / rule.id).glob("fails*.yaml"))],
        )


def _is_faulty(file: Path) -> bool:
    """Whether `gitops validate` tells anything of a file, error or warning; an example says with which options."""
    from gitops.__main__ import run

    first = file.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    options = shlex.split(first.removeprefix("# gitops validate")) if first.startswith("# gitops validate") else []
    out = io.StringIO()
    with chdir(file.parent), redirect_stdout(out):
        run(["validate", file.name, *options, "-o", "json"])
    return bool(json.loads(out.getvalue())["problems"])


def _faulty_to_kubeconform(pool: Path, files: list[Path]) -> set[Path] | None:
    binary = kubeconform()
    if binary is None:
        return None
    command = [str(part) for part in conform(binary, pool, files, "-output", "json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {Path(each["filename"]) for each in json.loads(done.stdout)["resources"]}
