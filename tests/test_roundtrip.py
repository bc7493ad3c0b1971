"""What the real kustomize makes of our files is what went in: random applications, each in three environments."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitops import emit, kustomize
from gitops.jsonpatch import operations
from gitops.objects import Object, key_of
from gitops.split import split
from gitops.yaml import dump
from tests.random_applications import ENVIRONMENTS, Application, application, scope

SEEDS = range(int(os.environ.get("GITOPS_TEST_APPLICATIONS", "500")))  # `make lab` takes more
BATCH = 50  # overlays a build: fewer cost start-ups, more cost kustomize's quadratic checks

program = kustomize.find(Path(__file__).parents[1])
needs_kustomize = pytest.mark.skipif(program is None, reason="kustomize is neither on PATH nor in .tools/bin")


def write(folder: Path, tree: Mapping[str, str]) -> None:
    for path, text in tree.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def rendered(name: str, app: Application) -> dict[str, str]:
    overlays = {
        environment: split(app.base, objects, "models", ENVIRONMENTS[environment], scope)
        for environment, objects in app.environments.items()
    }
    return emit.application(name, app.base, overlays, f"specs/{name}.py")


def differences(folder: Path, wanted: list[Object]) -> list[str]:
    """How a build differs from these objects."""
    expected = {key_of(obj): obj for obj in wanted}
    built = {key_of(obj): obj for obj in kustomize.build(folder, program)}
    found = [f"{key}: missing or extra" for key in expected.keys() ^ built.keys()]
    for key in expected.keys() & built.keys():
        found += [f"{key}: {change}" for change in operations(expected[key], built[key])]
    return found


@pytest.fixture(scope="module")
def applications(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Application]]:
    """Many random applications, and the folder they are rendered to."""
    folder = tmp_path_factory.mktemp("overlays")
    apps = {f"app-{seed}": application(seed) for seed in SEEDS}
    for name, app in apps.items():
        write(folder, rendered(name, app))
    return folder, apps


@needs_kustomize
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_kustomize_builds_the_objects_that_were_split(
    environment: str, applications: tuple[Path, dict[str, Application]]
) -> None:
    folder, apps = applications
    names = list(apps)
    batches = {f"{environment}-{start}": names[start : start + BATCH] for start in range(0, len(names), BATCH)}
    for batch, members in batches.items():
        resources = [f"../{environment}/{name}" for name in members]
        write(folder, {f"{batch}/kustomization.yaml": dump({"resources": resources})})

    def check(batch: str) -> list[str]:
        wanted = [obj for name in batches[batch] for obj in apps[name].environments[environment]]
        return differences(folder / batch, wanted)

    with ThreadPoolExecutor(2) as pool:
        assert [each for found in pool.map(check, batches) for each in found] == []


@needs_kustomize
def test_kustomize_builds_a_whole_environment_and_an_empty_one(tmp_path: Path) -> None:
    app = application(7)
    path, text = emit.environment("prod", ["seven", "nothing"], "environments/prod/environment.yaml")
    empty_path, empty_text = emit.environment("dev", [], "environments/dev/environment.yaml")
    nothing = rendered("nothing", Application([], {environment: [] for environment in ENVIRONMENTS}))
    write(tmp_path, {path: text, empty_path: empty_text, **nothing, **rendered("seven", app)})
    assert differences(tmp_path / "prod", app.environments["prod"]) == []
    assert differences(tmp_path / "dev", []) == []


@needs_kustomize
def test_kustomize_itself_refuses_an_overlay_whose_base_changed_beneath_it(tmp_path: Path) -> None:
    base = [{"apiVersion": "v1", "kind": "Unknown", "metadata": {"name": "a"}, "spec": list("abcdefgh")}]
    target = [{**base[0], "spec": list("abXdefgh")}]
    tree = rendered("app", Application(base, dict.fromkeys(ENVIRONMENTS, target)))
    file = "base/app/unknown-a.yaml"
    write(tmp_path, {**tree, file: tree[file].replace("- c\n", "- changed\n")})
    with pytest.raises(kustomize.ToolError, match="testing value /spec/2 failed"):
        kustomize.build(tmp_path / "dev" / "app", program)
