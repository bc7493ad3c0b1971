"""A project's tree as values: where its folders are, and its inputs as they were read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

BASE = "base"


class Project(NamedTuple):
    """A project directory and its folders, relative to `root`."""

    root: Path
    specs: str = "specs"
    environments: str = "environments"
    schemas: str = "schemas"
    overlays: str = "overlays"

    def environment_file(self, environment: str) -> str:
        """The file that says where an environment runs."""
        return f"{self.environments}/{environment}/environment.yaml"

    def values_file(self, environment: str, application: str) -> str:
        """The file with an application's values in an environment."""
        return f"{self.environments}/{environment}/{application}.yaml"


class Sources(NamedTuple):
    """All inputs of a project, read once: the files by path, the applications' specs, the environments' names (`base` included)."""

    project: Project
    files: Mapping[str, bytes]
    specs: Mapping[str, str]
    environments: tuple[str, ...]

    def text(self, path: str) -> str:
        """The text of a file that was read. Raises InvalidInput (rule `not-utf8`)."""
        from gitops.disk.reading import decode

        return decode(self.files[path], path)


def application_name(stem: str) -> str:
    """The application of a spec file: `fraud_detection` is `fraud-detection`, as names in Kubernetes have no underscore."""
    return stem.replace("_", "-")
