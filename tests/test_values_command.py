"""`gitops values`: what is set and where it comes from, and changes that keep what people wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import MINIMAL, gitops, project, tree

SPEC = """\
from gitops import InferenceService, Model, Values, application


class IrisValues(Values):
    replicas: int = 1
    image_tag: str = "1.0"
    limits: dict[str, str] = {}


@application
def iris(env, values: IrisValues):
    return [InferenceService(name="iris", model=Model(format="sklearn", storage="gs://models/iris"), min_replicas=values.replicas)]
"""
DEV = """\
# Who: the fraud team.
replicas: 2  # enough for a demo

image_tag: "1.10"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        **MINIMAL,
        "specs/iris.py": SPEC,
        "environments/dev/iris.yaml": DEV,
        "environments/prod/environment.yaml": "extends: dev\n",
    }
    return project(tmp_path, files)


def test_every_value_is_listed_with_the_line_that_decides_it(folder: Path) -> None:
    result = gitops(folder, "values", "list", "iris", "-e", "prod")

    assert (result.status, result.stdout) == (
        0,
        "prod\n"
        "  enabled    true  default in specs/iris.py\n"
        "  replicas   2     environments/dev/iris.yaml:2\n"
        "  image_tag  1.10  environments/dev/iris.yaml:4\n"
        "  limits     {}    default in specs/iris.py\n",
    )


def test_programs_get_the_same_as_json(folder: Path) -> None:
    rows = json.loads(gitops(folder, "values", "list", "iris", "-o", "json").stdout)["environments"]["dev"]

    assert rows[1] == {"name": "replicas", "value": 2, "file": "environments/dev/iris.yaml", "line": 2}


def test_setting_a_value_changes_its_line_only(folder: Path) -> None:
    assert gitops(folder, "values", "set", "iris", "replicas=3", "-e", "dev").status == 0

    assert (folder / "environments/dev/iris.yaml").read_text() == DEV.replace("replicas: 2", "replicas: 3")


def test_text_stays_text_whatever_it_looks_like(folder: Path) -> None:
    gitops(folder, "values", "set", "iris", "image_tag=1.20", "-e", "dev")

    assert 'image_tag: "1.20"' in (folder / "environments/dev/iris.yaml").read_text()
    assert "  image_tag  1.20" in gitops(folder, "values", "list", "iris", "-e", "dev").stdout


def test_a_file_that_is_not_there_is_made(folder: Path) -> None:
    assert gitops(folder, "values", "set", "iris", "replicas=5", "limits.cpu=2", "-e", "prod").status == 0

    assert (folder / "environments/prod/iris.yaml").read_text() == 'replicas: 5\nlimits:\n  cpu: "2"\n'


def test_an_application_is_switched_off_in_an_environment(folder: Path) -> None:
    gitops(folder, "values", "set", "iris", "enabled=false", "-e", "prod")
    gitops(folder, "render")

    assert not (folder / "overlays/prod/iris").exists()
    assert (folder / "overlays/dev/iris").exists()


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ("replicas=many", 1, "`replicas`"),
        ("replica=3", 2, "did you mean `replicas`?"),
        ("replicas", 2, "is not NAME=VALUE"),
        ("secrets.s3.KEY=canary-123", 2, "secrets are not set from the command line"),
        ("enabled=maybe", 1, "`enabled`"),
    ],
)
def test_a_wrong_change_writes_nothing(folder: Path, change: str, status: int, message: str) -> None:
    before = tree(folder)

    result = gitops(folder, "values", "set", "iris", change, "-e", "dev")

    assert result.status == status
    assert message in result.stderr
    assert "canary" not in result.stdout + result.stderr
    assert tree(folder) == before


def test_a_change_of_the_defaults_must_suit_every_environment(folder: Path) -> None:
    before = tree(folder)

    assert gitops(folder, "values", "set", "iris", "limits=[1]", "-e", "base").status == 1
    assert tree(folder) == before


def test_environments_differ_in_what_is_shown(folder: Path) -> None:
    gitops(folder, "values", "set", "iris", "replicas=7", "-e", "prod")

    assert gitops(folder, "values", "diff", "dev", "prod").stdout == "iris\n            dev  prod\n  replicas  2    7\n"
    assert gitops(folder, "values", "diff", "dev", "dev").stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "irs"),
        ("list", "iris", "-e", "prd"),
        ("diff", "dev", "prd"),
        ("set", "irs", "replicas=1", "-e", "dev"),
        ("set", "iris", "replicas=1"),
    ],
)
def test_names_that_are_not_there_are_wrong_usage(folder: Path, arguments: tuple[str, ...]) -> None:
    assert gitops(folder, "values", *arguments).status == 2
