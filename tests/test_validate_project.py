"""`gitops validate` of a project says the same however many processes it uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import MINIMAL, gitops, project

SPEC = """\
from gitops import Manifest, Values, application


@application
def {name}(env, values: Values):
    return Manifest(api_version="v1", kind="ServiceAccount", name="{name}", fields={{"secrets": [{{"name": "missing"}}]}})
"""
ACCEPTED = 'policies:\n  suppress: [{rule: account-secret-exists, object: ServiceAccount/%s, reason: "made later"}]\n'


def several(folder: Path, policies: str = "") -> Path:
    files = {
        "pyproject.toml": MINIMAL["pyproject.toml"],
        "environments/base/environment.yaml": MINIMAL["environments/base/environment.yaml"],
        "environments/dev/environment.yaml": f"namespace: dev\n{policies}",
    }
    return project(
        folder, {**files, **{f"specs/{name}.py": SPEC.format(name=name) for name in ("one", "two", "three")}}
    )


@pytest.fixture(params=[1, 2])
def jobs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("gitops.parallel.WORTHWHILE", 1)
    return str(request.param)


def test_what_is_missing_beside_an_application_is_told_at_its_spec(tmp_path: Path, jobs: str) -> None:
    result = gitops(several(tmp_path), "validate", "--rule", "account-secret-exists", "-j", jobs)

    places = [line.partition(":")[0] for line in result.stdout.splitlines() if "[account-secret-exists]" in line]
    assert (result.status, places) == (1, ["specs/one.py", "specs/three.py", "specs/two.py"])


def test_a_suppression_that_accepts_it_is_not_idle(tmp_path: Path, jobs: str) -> None:
    result = gitops(several(tmp_path, ACCEPTED % "*"), "validate", "-j", jobs)

    assert "account-secret-exists" not in result.stdout
    assert "suppression" not in result.stdout


def test_a_suppression_that_accepts_nothing_is_told(tmp_path: Path, jobs: str) -> None:
    result = gitops(several(tmp_path, ACCEPTED % "four"), "validate", "-j", jobs)

    assert "suppression" in result.stdout
