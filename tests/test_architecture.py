"""The package's shape: who may import whom, who may touch files, and what a command may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.command_line import MINIMAL, REPOSITORY, gitops, project

PACKAGE = REPOSITORY / "gitops"

ROWS = (
    "location secrecy problems faults objects ownership parallel project quantity k8s model jsonpatch yaml given manifests fixing",
    "environments values",
    "resources spec schemas",
    "rules",
    "locate details validation identity portable explain execute",
    "load resolve split emit",
    "pipeline attribution settings overlays kustomization",
    "disk kustomize git",
    "cache memory history",
    "run validate",
    "report formats cli __main__",
)
"""The lowest first. A module imports from its own row and from those below it; folders count as one."""

STAGES = {"load", "resolve", "split", "emit"}
WORLD = {"disk", "kustomize", "git"}
KNOWN_TO_THE_WORLD = {*ROWS[0].split(), *WORLD}

EXCEPTIONS = {
    ("emit", "split"): "the types of an overlay",
    ("project", "disk"): "decoding bytes, which touches no file",
    ("report", "cli"): "the lines of the user's file, to quote",
}

MAY_TOUCH_FILES = {"disk", "kustomize", "git", "cache", "memory", "schemas.files", "cli", "__main__"}
MAY_START_PROCESSES = {"kustomize", "git", "parallel"}

FILE_MODULES = {"subprocess", "shutil", "tempfile", "glob", "fcntl", "mmap", "socket", "urllib", "http"}
FILE_CALLS = {
    *(
        "open",
        "fdopen",
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "unlink",
        "mkdir",
        "makedirs",
        "rmdir",
        "rmtree",
    ),
    *(
        "iterdir",
        "listdir",
        "scandir",
        "walk_up",
        "exists",
        "lexists",
        "is_file",
        "is_dir",
        "is_symlink",
        "stat",
        "lstat",
    ),
    *("rglob", "symlink_to", "hardlink_to", "touch", "chmod", "rename", "readlink", "realpath", "resolve_path"),
}


@cache
def modules() -> dict[str, Path]:
    """Every module by its name within the package; `` is the package itself."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


def nodes(module: str) -> Iterator[ast.AST]:
    """The module's syntax, without what only type checkers read."""
    left: list[ast.AST] = [parsed(module)]
    while left:
        node = left.pop()
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield node
            left += ast.iter_child_nodes(node)


def imported(module: str) -> Iterator[str]:
    """Full names of what a module imports, inside functions too."""
    for node in nodes(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports relatively"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner.removeprefix("gitops.") in modules() else str(node.module)


@cache
def ours(module: str) -> frozenset[str]:
    """Modules of the package that a module imports, by their names within the package."""
    names = (
        name.removeprefix("gitops").removeprefix(".") for name in imported(module) if name.partition(".")[0] == "gitops"
    )
    return frozenset(name for name in names if name and name != module)


def top(module: str) -> str:
    return module.partition(".")[0]


def row(module: str) -> int:
    found = [number for number, names in enumerate(ROWS) if top(module) in names.split()]
    assert found, f"gitops.{module} is in no row: decide where it belongs"
    return found[0]


every_module = pytest.mark.parametrize("module", sorted(filter(None, modules())))


def excepted(module: str, name: str) -> bool:
    return (top(module), top(name)) in EXCEPTIONS


@every_module
def test_imports_never_turn_round(module: str) -> None:
    upward = {name for name in ours(module) if row(name) > row(module) and not excepted(module, name)}

    assert upward == set()


@every_module
def test_no_stage_imports_a_stage(module: str) -> None:
    others = {name for name in ours(module) if top(name) in STAGES - {top(module)} and not excepted(module, name)}

    assert top(module) not in STAGES or others == set()


@every_module
def test_the_world_knows_only_the_leaves(module: str) -> None:
    others = {name for name in ours(module) if top(name) not in KNOWN_TO_THE_WORLD}

    assert top(module) not in WORLD or others == set()


def test_every_exception_is_still_needed() -> None:
    used = {(top(module), top(name)) for module in modules() for name in ours(module)}

    assert set(EXCEPTIONS) <= used


def test_no_import_goes_in_a_circle() -> None:
    """Imports of a package count as imports of its __init__, which may import its own modules only."""
    graph = {
        module: {name for name in ours(module) if not module.startswith(f"{name}.")} for module in modules() if module
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def may(module: str, allowed: set[str]) -> bool:
    return module in allowed or top(module) in allowed


@every_module
def test_only_the_world_touches_files(module: str) -> None:
    found = (
        {name for name in imported(module) if top(name) in FILE_MODULES}
        if not may(module, MAY_START_PROCESSES)
        else set()
    )
    for node in nodes(module):
        if isinstance(node, ast.Call):
            called = node.func
            name = (
                called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
            )
            if name in FILE_CALLS:
                found.add(f"{name} at line {node.lineno}")

    assert may(module, MAY_TOUCH_FILES) or found == set()


@every_module
def test_only_the_command_line_prints_and_exits(module: str) -> None:
    names = {"print", "echo", "exit", "_exit"}
    calls = (node.func for node in nodes(module) if isinstance(node, ast.Call))
    found = {
        called.id if isinstance(called, ast.Name) else called.attr
        for called in calls
        if isinstance(called, ast.Name | ast.Attribute)
    }

    assert top(module) in ("cli", "report", "__main__") or not found & names


# ---- what is loaded --------------------------------------------------------------------------------------------------


def loaded(folder: Path, *arguments: str) -> set[str]:
    """Top-level modules that a command has loaded when it ends."""
    script = (
        "import sys; from gitops.__main__ import run; status = run(sys.argv[1:]); print(status, *sorted(sys.modules))"
    )
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True, check=True
    )
    status, *names = done.stdout.splitlines()[-1].split()

    assert status == "0", done.stderr
    return {name.partition(".")[0] for name in names}


COSTLY = {
    "pydantic",
    "jinja2",
    "jsonschema_rs",
    "ruamel",
    "rich",
    "yaml12",
    "kubernetes_validate",
    "asyncio",
    "multiprocessing",
}


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("render", "--help")], ids=" ".join)
def test_help_loads_nothing_costly(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert loaded(tmp_path, *arguments) & COSTLY == set()


@pytest.mark.parametrize("arguments", [("render",), ("render", "--check")], ids=" ".join)
def test_a_run_that_finds_nothing_changed_loads_nothing_costly(arguments: tuple[str, ...], tmp_path: Path) -> None:
    folder = project(tmp_path, MINIMAL)
    assert gitops(folder, "render").status == 0

    assert loaded(folder, *arguments) & COSTLY == set()


def test_a_render_loads_neither_the_editor_of_yaml_nor_templates(tmp_path: Path) -> None:
    folder = project(tmp_path, MINIMAL)
    names = loaded(folder, "render")

    assert names & {"ruamel", "jinja2", "rich", "kubernetes_validate"} == set()
    assert {"pydantic", "jsonschema_rs"} <= names  # so this test can see what is loaded


def test_what_a_spec_imports_costs_nothing_until_it_is_used(tmp_path: Path) -> None:
    script = "import sys, gitops; print(*sys.modules)"
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True, check=True
    )

    assert "pydantic" not in done.stdout.split()
