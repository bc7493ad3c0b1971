"""`gitops validate` and a real API server with the real webhooks give the same verdict.

GITOPS_TEST_MISTAKES says how many mistakes are made on purpose. What differs and stays so is in disagreements.csv, with the reason
in docs/limits.md; no more than one case of a hundred may.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gitops.disk.manifests import read_given
from gitops.rules.table import RULES
from tests.command_line import REPOSITORY
from tests.lab.agreement import Case, differences, distinct, known, refusals, schemas, unexplained
from tests.lab.mutations import mutations
from tests.lab.programs import missing
from tests.lab.verdicts import Judge

SHARED = REPOSITORY.parent / "shared/cases"
EXAMPLES = REPOSITORY / "tests/rules"
MISTAKES = int(os.environ.get("GITOPS_TEST_MISTAKES", "4000"))
REAL = (
    "inferenceservice",
    "kafkasource",
    "other",
    "secret-serviceaccount",
    "seed-originals",
    "invalid",
    "invalid-real",
    "fragments",
)

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not built by make lab-tools: {', '.join(missing())}")


def objects(path: Path) -> list[Case]:
    found, _ = read_given([str(path)], REPOSITORY)
    return [Case(f"{each.file}#{each.document}", each.object) for each in found]


def good() -> Iterator[Case]:
    """Objects that are right: the examples that pass, and what this repository renders."""
    for path in sorted(EXAMPLES.glob("*/passes*.yaml")):
        yield from (case for case in objects(path) if not refusals(case.object))
    yield from objects(REPOSITORY / "overlays/dev")


def mistakes() -> list[Case]:
    served = [case for case in distinct(good()) if schemas().scope(case.object["apiVersion"], case.object["kind"])]
    every = [(case, one) for case in served for one in mutations(case.object)]
    chosen = random.Random(20260).sample(every, MISTAKES)
    return list(distinct(Case(f"{case.name}: {one.what}", one.make()) for case, one in chosen))


@pytest.mark.skipif(not SHARED.exists(), reason="the collection of real manifests (../shared/cases) is not here")
def test_real_manifests_get_the_verdict_of_the_server(judge: Judge) -> None:
    number, found = differences(judge, [case for name in REAL for case in objects(SHARED / name)])

    assert unexplained(found) == []
    assert len(found) <= number / 100


def test_mistakes_made_on_purpose_get_the_verdict_of_the_server(judge: Judge) -> None:
    number, found = differences(judge, mistakes())

    assert number > MISTAKES / 2
    assert unexplained(found) == []
    assert len(found) <= number / 100


def test_what_a_rule_of_admission_refuses_is_refused(judge: Judge) -> None:
    """The examples that fail, and those that pass, of every rule that needs no options."""
    paths = [
        path
        for rule in RULES
        if rule.layer == "admission" and not rule.update
        for path in sorted((EXAMPLES / rule.id).glob("*.yaml"))
        if path.stem.startswith(("fails", "passes")) and not path.read_text().startswith("# gitops")
    ]
    number, found = differences(judge, [case for path in paths for case in objects(path)])

    assert number >= len(paths) * 0.9
    assert unexplained(found) == []


UPDATES = [
    path
    for rule in RULES
    if rule.layer == "admission" and rule.update
    for path in sorted((EXAMPLES / rule.id).glob("*.yaml"))
    if path.stem.startswith(("fails", "passes"))
]


EXPANDABLE = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "expandable"},
    "provisioner": "example.com/disks",
    "allowVolumeExpansion": True,
}


@pytest.mark.parametrize("path", UPDATES, ids=[f"{path.parent.name}-{path.stem}" for path in UPDATES])
def test_what_may_not_change_is_refused(judge: Judge, path: Path) -> None:
    """What controllers write is written here in their place: KServe's status has the mode, and a claim that grows is bound."""
    live, new = [each for each in yaml.safe_load_all(path.read_text()) if each]
    status = None
    if live["kind"] == "InferenceService":
        mode = (live["metadata"].get("annotations") or {}).get("serving.kserve.io/deploymentMode", "Knative")
        status = {"deploymentMode": mode}
    elif live["kind"] == "PersistentVolumeClaim":
        judge.apply([EXPANDABLE])
        status = {"phase": "Bound"}
        for obj in (live, new):
            obj["spec"].setdefault("storageClassName", "expandable")

    verdict = judge.verdict_update(live, new, status=status)

    assert verdict.accepted == path.stem.startswith("passes"), verdict.message


def test_every_known_disagreement_is_explained_to_people() -> None:
    text = (REPOSITORY / "docs/limits.md").read_text(encoding="utf-8")

    assert [each.reason for each in known() if each.reason not in text] == []
    assert not [each for each in known() if each.direction == "false accept" and not each.reason]
