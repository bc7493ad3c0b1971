"""The lab's child processes: built by `make lab-tools`, logged to files, and never outliving the process that started them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

BIN = Path(__file__).parents[2] / ".tools" / "bin"
PROGRAMS = ("etcd", "kube-apiserver", "kserve-manager", "kserve-llmisvc", "kserve-localmodel", "knative-kafka")

# A process that is killed tidies nothing up. The pipe to this one closes all the same, and then it kills those it was told of.
WATCHDOG = 'while read -r pid; do pids="$pids $pid"; done; [ -z "$pids" ] || kill -9 $pids 2>/dev/null'


class LabError(Exception):
    """The lab itself failed (a program did not start, a webhook did not answer); never a verdict."""


def missing() -> list[str]:
    """What the lab needs and has not: programs that are not built, and Go, in whose modules the CRDs are."""
    return [name for name in PROGRAMS if not (BIN / name).exists()] + ([] if shutil.which("go") else ["go"])


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on; all are held at once, so no two are the same."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def listens(port: int) -> bool:
    """Whether something accepts connections on that loopback port."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


class Programs:
    """Child processes with a log each in `folder`. Raises LabError, with the end of the log, for one that has ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._watchdog = subprocess.Popen(
            ["sh", "-c", WATCHDOG], stdin=subprocess.PIPE, start_new_session=True, stderr=subprocess.DEVNULL
        )

    def start(self, name: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        """Start a program; in a session of its own, since Ctrl-C must reach us alone, who then end it in order."""
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                [str(BIN / name), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        self._running[name] = process
        assert self._watchdog.stdin
        self._watchdog.stdin.write(f"{process.pid}\n".encode())
        self._watchdog.stdin.flush()

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def wait(self, ready: Callable[[], bool], what: str, seconds: float = 180) -> None:
        """Wait until `ready()`. Raises LabError, with the logs, if a program ends or the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise LabError(f"{what}: not after {seconds:.0f} s\n" + "\n".join(map(self.tail, self._running)))
            time.sleep(0.05)

    def check(self) -> None:
        """Raises LabError if a program has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise LabError(f"{name} ended with status {process.returncode}\n{self.tail(name)}")

    def tail(self, name: str, lines: int = 30) -> str:
        """The end of a program's log."""
        text = self.log(name).read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([f"--- {name}", *text])

    def stop(self) -> None:
        """End all at once; there is nothing that they should save, and some would drain for most of a minute."""
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait()
        self._running.clear()
        self._watchdog.kill()  # before its pipe closes: the numbers that it knows may be other processes by now
        self._watchdog.communicate()
