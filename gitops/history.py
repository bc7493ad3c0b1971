"""What was committed: the objects that the cluster was asked for before a change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gitops import git
from gitops.disk import is_there
from gitops.disk.manifests import read_given
from gitops.disk.temporary import laid_out
from gitops.given import Given
from gitops.overlays import Committed, committed_objects
from gitops.project import Project


def objects_at(project: Project, revision: str) -> Committed:
    """The objects of the overlays as they were committed where the current branch left `revision`.

    So with `origin/main` it is what a pull request changes, whatever was merged there meanwhile; with an ancestor of the
    current commit it is that commit. Paths are relative to the project. Raises UsageError and ToolError as
    `git.merge_base` and `git.files_at` do; what cannot be read back are problems of the result.
    """
    base = git.merge_base(project.root, revision)
    return committed_objects(git.files_at(project.root, base, [project.overlays]), project.overlays)


def given_at(names: Sequence[str], folder: Path, revision: str) -> list[Given]:
    """The objects that files and folders below `folder` held where the current branch left `revision`.

    What was not there then, or cannot be read, is left out: it is new, and what it breaks is told of its new form. Raises
    UsageError and ToolError as `objects_at` does.
    """
    base = git.merge_base(folder, revision)
    inside = [name for name in names if not Path(name).is_absolute() and ".." not in Path(name).parts and name != "-"]
    with laid_out(git.files_at(folder, base, ["."])) as there:
        found, _ = read_given([name for name in inside if is_there(there / name)], there)
    return found
