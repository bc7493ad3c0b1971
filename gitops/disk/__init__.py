"""The disk: the only place, with `git`, `kustomize` and the commands, where project files are read and written.

survey    what is there, against what is wanted: a plan        writing    a plan carried out, never a half file
reading   inputs as text, or a problem with its place          private    our own folder, and the lock in it
"""

from __future__ import annotations

from gitops.disk.private import lock, private_folder
from gitops.disk.reading import decode, is_there, read_bytes, read_text
from gitops.disk.survey import Plan, plan
from gitops.disk.writing import replace, sweep, write

__all__ = [
    "Plan",
    "decode",
    "is_there",
    "lock",
    "plan",
    "private_folder",
    "read_bytes",
    "read_text",
    "replace",
    "sweep",
    "write",
]
