"""Signals that would end a process that is not ready for them wait until it is."""

from __future__ import annotations

import signal

HELD = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""What asks a running daemon for something; SIGTERM and SIGINT end one that starts, and are meant to."""


def hold() -> None:
    """Let these signals wait, from now until ``Signals`` catches them; to be called on the main thread."""
    signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
