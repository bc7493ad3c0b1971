"""Run commands some at a time, each one's output into a file of its own: `python each.py COMMANDS.json`."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def one(job: tuple[list[str], str]) -> None:
    command, output = job
    with Path(output).open("wb") as file:
        subprocess.run(command, stdout=file, check=True)


if __name__ == "__main__":
    plan = json.loads(Path(sys.argv[1]).read_text())
    with ThreadPoolExecutor(plan["at_once"]) as pool:
        list(pool.map(one, plan["commands"]))
