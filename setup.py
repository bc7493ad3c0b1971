"""The schemas folder goes into the package, so that an installed gitops can validate manifests of other repositories."""

from pathlib import Path
from shutil import copytree

from setuptools import setup
from setuptools.command.build_py import build_py


class WithSchemas(build_py):
    """Copies schemas/ beside the modules; an editable install finds it in the checkout."""

    def run(self) -> None:
        """Build, then copy."""
        super().run()
        if not self.editable_mode:
            copytree("schemas", Path(self.build_lib) / "gitops" / "bundled", dirs_exist_ok=True)


setup(cmdclass={"build_py": WithSchemas})
