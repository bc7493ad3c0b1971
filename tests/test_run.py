"""A warm run finds all that a cold one would."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops.ownership import header
from tests.command_line import MINIMAL, gitops, project, tree

OTHER = MINIMAL["specs/iris.py"].replace("iris", "wine").replace("IrisValues", "WineValues")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = project(tmp_path, {**MINIMAL, "specs/wine.py": OTHER})
    assert gitops(made, "render").status == 0
    return made


def cold(folder: Path) -> dict[str, bytes | str]:
    """What a render without a cache makes of the project."""
    (folder / ".gitops_cache/state").unlink(missing_ok=True)
    assert gitops(folder, "render").status == 0
    return tree(folder / "overlays")


def edit_a_value(folder: Path) -> None:
    (folder / "environments/dev/iris.yaml").write_text("replicas: 3\n")


def edit_an_output(folder: Path) -> None:
    (folder / "overlays/dev/iris/kustomization.yaml").write_text(header("specs/old.py") + "resources: []\n")


def delete_an_output(folder: Path) -> None:
    (folder / "overlays/base/wine/kustomization.yaml").unlink()


def leave_an_old_application(folder: Path) -> None:
    (folder / "overlays/dev/old").mkdir()
    (folder / "overlays/dev/old/kustomization.yaml").write_text(header("specs/old.py") + "resources: []\n")


def leave_an_old_environment(folder: Path) -> None:
    (folder / "overlays/test/iris").mkdir(parents=True)
    (folder / "overlays/test/iris/kustomization.yaml").write_text(header("specs/old.py") + "resources: []\n")


def remove_an_application(folder: Path) -> None:
    (folder / "specs/wine.py").unlink()


def switch_one_off(folder: Path) -> None:
    (folder / "environments/dev/wine.yaml").write_text("enabled: false\n")


def add_an_environment(folder: Path) -> None:
    (folder / "environments/prod").mkdir()
    (folder / "environments/prod/environment.yaml").write_text("namespace: prod\n")


def touch_a_spec(folder: Path) -> None:
    (folder / "specs/iris.py").touch()


def change_the_environment(folder: Path) -> None:
    (folder / "environments/dev/environment.yaml").write_text("namespace: development\n")


CHANGES = (
    edit_a_value,
    edit_an_output,
    delete_an_output,
    leave_an_old_application,
    leave_an_old_environment,
    remove_an_application,
    switch_one_off,
    add_an_environment,
    touch_a_spec,
    change_the_environment,
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_warm_render_gives_what_a_cold_one_gives(folder: Path, change) -> None:  # type: ignore[no-untyped-def]
    change(folder)
    stale = gitops(folder, "render", "--check").status
    assert gitops(folder, "render").status == 0
    warm = tree(folder / "overlays")

    assert warm == cold(folder)
    assert stale == (0 if change is touch_a_spec else 1)
    assert gitops(folder, "render", "--check").status == 0


@pytest.mark.parametrize("change", CHANGES)
def test_a_cold_check_after_a_warm_render_finds_nothing(folder: Path, change) -> None:  # type: ignore[no-untyped-def]
    change(folder)
    gitops(folder, "render")
    (folder / ".gitops_cache/state").unlink()

    assert gitops(folder, "render", "--check").status == 0


def test_a_render_of_one_application_names_no_other_that_is_not_there(tmp_path: Path) -> None:
    made = project(tmp_path, {**MINIMAL, "specs/wine.py": OTHER})

    gitops(made, "render", "iris")
    assert "- wine" not in (made / "overlays/dev/kustomization.yaml").read_text()

    gitops(made, "render", "wine")
    assert "- iris\n- wine" in (made / "overlays/dev/kustomization.yaml").read_text()
