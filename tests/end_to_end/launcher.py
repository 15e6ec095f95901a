"""Starts daemons in milliseconds: a process that has imported everything forks one for each order.

Each is a process of its own, with its own memory, files and threads, and dies alone. ``python -m`` this module
obeys orders on its input, one JSON object a line, and answers each with a line.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[2]
MOST_DESCRIPTORS = 4096
PR_SET_PDEATHSIG = 1  # prctl(2)


class Starter(Protocol):
    """What starts daemons and knows how they ended."""

    def start(self, config: Path, *, log: Path, environ: Mapping[str, str]) -> int:
        """Start `retaind run -c config` with its stderr in `log`; return its process id."""

    def code(self, pid: int, *, wait: bool) -> int | None:
        """Return the exit code, minus the signal's number where one ended it; None while it runs."""


class Command:
    """Starts daemons as an operator does: some seconds pass before one has imported everything."""

    def __init__(self) -> None:
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, config: Path, *, log: Path, environ: Mapping[str, str]) -> int:
        """Start one."""
        command = [sys.executable, "-m", "daemon.cli", "run", "-c", str(config)]
        with log.open("wb") as stream:
            process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=stream, env={**os.environ, **environ}
            )
        self._processes[process.pid] = process
        return process.pid

    def code(self, pid: int, *, wait: bool) -> int | None:
        """Tell how it ended."""
        process = self._processes[pid]
        return process.wait() if wait else process.poll()


class Launcher:
    """Starts daemons at once. As a context: all that it has started is dead at the end.

    What has to be there when a program begins, such as LD_PRELOAD, is to be in ``environ``.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environ or {})},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def start(self, config: Path, *, log: Path, environ: Mapping[str, str]) -> int:
        """Start one."""
        return int(self._ask(start=str(config), log=str(log), environ=dict(environ)))

    def code(self, pid: int, *, wait: bool) -> int | None:
        """Tell how it ended."""
        answer: int | None = self._ask(code=pid, wait=wait)
        return answer

    def _ask(self, **order: Any) -> Any:
        orders, answers = self._process.stdin, self._process.stdout
        assert orders is not None
        assert answers is not None
        orders.write(json.dumps(order) + "\n")
        orders.flush()
        return json.loads(answers.readline())


def obey(orders: IO[str]) -> None:
    """Fork daemons and tell how they ended, until there are no more orders."""
    codes: dict[int, int] = {}
    for line in orders:
        order = json.loads(line)
        sys.stdout.write(json.dumps(_answer(order, codes)) + "\n")
        sys.stdout.flush()


def _answer(order: dict[str, Any], codes: dict[int, int]) -> int | None:
    if "start" in order:
        with Path(order["log"]).open("wb") as log:
            return _fork(order, log)
    return _code(order["code"], codes, options=0 if order["wait"] else os.WNOHANG)


def _fork(order: dict[str, Any], log: IO[bytes]) -> int:
    parent = os.getpid()
    child = os.fork()
    if not child:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            _become_a_daemon(order, log)
    return child


def _become_a_daemon(order: dict[str, Any], log: IO[bytes]) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for number, file in enumerate((nothing, nothing, log.fileno())):
        os.dup2(file, number)
    os.environ.update(order["environ"])
    # As quickly as the daemon itself; one that is asked for its model has to import torch for itself.
    import_module("daemon.front.process").started = ForkedFront
    sys.argv = ["retaind", "run", "-c", order["start"]]
    import_module("daemon.cli").main()


class ForkedFront:
    """The process that answers HTTP beside a daemon, forked from it and stripped of what it has open."""

    def __init__(self, inherited: Sequence[int]) -> None:
        self.pid = os.fork()
        if not self.pid:
            for before, after in pairwise([2, *sorted(inherited), MOST_DESCRIPTORS]):
                os.closerange(before + 1, after)
            import_module("daemon.front.__main__").main(*inherited)
            os._exit(1)

    def wait(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def _code(pid: int, codes: dict[int, int], *, options: int) -> int | None:
    if pid not in codes:
        ended, status = os.waitpid(pid, options)
        if not ended:
            return None
        codes[pid] = os.waitstatus_to_exitcode(status)
    return codes[pid]


if __name__ == "__main__":
    for module in ("daemon.commands.run", "daemon.front.__main__"):
        import_module(module)
    obey(sys.stdin)
