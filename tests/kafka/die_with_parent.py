"""Run a program that cannot outlive its parent: ``python die_with_parent.py PARENT_PID COMMAND...``."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2): the request outlives exec, but not the thread that started us


def main(parent: int, command: list[str]) -> None:
    """Ask Linux for SIGKILL at the parent's death, then exec the command under the same process id."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit("the parent died before its death could be watched")
    os.execvp(command[0], command)  # noqa: S606 - there is no shell, and none is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
