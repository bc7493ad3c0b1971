"""Run one command and write what it took to a file: seconds, and KiB of its largest process (children included).

A process of its own and small, because Linux counts what the parent holds at the moment of `exec` as the child's peak.
"""

import os
import sys
import time


def main() -> None:
    report, *command = sys.argv[1:]
    start = time.perf_counter()
    _, status, usage = os.wait4(os.posix_spawnp(command[0], command, os.environ), 0)
    seconds = time.perf_counter() - start
    with open(report, "w") as file:  # noqa: PTH123 - pathlib is not small
        file.write(f"{seconds} {usage.ru_maxrss}")
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)


main()
