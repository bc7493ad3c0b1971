"""Why the disk refused, in words that say what to do."""

from __future__ import annotations

import errno
import os

from gitops.problems import ToolError

_ADVICE = {
    errno.ENOSPC: "free some space on that disk",
    errno.EDQUOT: "the quota of this user is used up: free some space",
    errno.EACCES: "check the owner and the mode of the file and of its folder",
    errno.EPERM: "check the owner and the mode of the file and of its folder",
    errno.EROFS: "the file system is mounted read-only: render into a copy that can be written",
    errno.ENAMETOOLONG: "shorten the name of the application or object it is made of",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`)",
    errno.ENFILE: "the machine has too many files open",
    errno.EEXIST: "something put it there meanwhile: look at it",
    errno.ENOENT: "something removed it or its folder meanwhile",
    errno.ENOTDIR: "a file is where a folder should be: remove it",
    errno.EISDIR: "a folder is where a file should be: remove it",
    errno.ELOOP: "a symlink is in the way: remove it",
    errno.EXDEV: "a folder in there is mounted from another disk: mount all of it or none",
    errno.EIO: "the disk has a fault: look at the system's log",
}


def advice(error: OSError) -> str:
    """What a user can do about `error`; empty if nobody knows."""
    return _ADVICE.get(error.errno or 0, "")


def refusal(action: str, path: str | os.PathLike[str], error: OSError) -> ToolError:
    """The error to raise when the disk did not let us do `action` to `path`."""
    return ToolError("; ".join(filter(None, (f"cannot {action} `{os.fspath(path)}`: {error.strerror}", advice(error)))))
