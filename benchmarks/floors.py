"""What the same work would cost with nothing to think about: the least that any tool in Python can take.

python floors.py write TREE FOLDER    the same bytes to new files
python floors.py stat TREE FOLDER     look at every file
python floors.py compare TREE FOLDER  read every file and compare it

TREE is a marshalled list of (path, content). Paths are strings and calls are those of `os`, as in a loop meant to be fast.
"""

import marshal
import os
import sys


def write(tree: list[tuple[str, bytes]], folder: str) -> None:
    made = set()
    for path, content in tree:
        above = f"{folder}/{path}".rpartition("/")[0]
        if above not in made:
            os.makedirs(above, exist_ok=True)  # noqa: PTH103
            made.add(above)
        descriptor = os.open(f"{folder}/{path}", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        os.write(descriptor, content)
        os.close(descriptor)


def stat(tree: list[tuple[str, bytes]], folder: str) -> None:
    for path, _ in tree:
        os.stat(f"{folder}/{path}")  # noqa: PTH116


def compare(tree: list[tuple[str, bytes]], folder: str) -> None:
    for path, content in tree:
        descriptor = os.open(f"{folder}/{path}", os.O_RDONLY)
        if os.read(descriptor, len(content) + 1) != content:
            sys.exit(f"{path} differs")
        os.close(descriptor)


if __name__ == "__main__":
    what, source, folder = sys.argv[1:]
    with open(source, "rb") as file:  # noqa: PTH123
        {"write": write, "stat": stat, "compare": compare}[what](marshal.load(file), folder)
