"""Tells systemd what the daemon is doing (sd_notify(3)); without ``NOTIFY_SOCKET`` it says nothing."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BEATS_PER_LIMIT = 4


class Notify:
    """Sends each message as one datagram, or nothing where no supervisor listens.

    One that can't be reached is no reason to stop learning: errors of the socket are ignored, as sd_notify(3)
    advises.
    """

    def __init__(
        self, environ: Mapping[str, str] = os.environ, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._watchdog_seconds = _watchdog_seconds(environ)
        self._beaten = float("-inf")

    @property
    def watchdog_seconds(self) -> float | None:
        """The supervisor's limit between two ``beat``s; None where it does not watch this process."""
        return self._watchdog_seconds

    def ready(self, status: str) -> None:
        """Say that start-up, or a reload, is complete."""
        self._send("READY=1", _status(status))

    def status(self, status: str) -> None:
        """Say in one line what the daemon does, for ``systemctl status``."""
        self._send(_status(status))

    def beat(self) -> None:
        """Say that the loop made progress or is legitimately idle. May be called every turn: sends when due."""
        now = self._clock()
        if self._watchdog_seconds is None or now - self._beaten < self._watchdog_seconds / _BEATS_PER_LIMIT:
            return
        self._beaten = now
        self._send("WATCHDOG=1")

    def extend_timeout(self, seconds: float) -> None:
        """Ask for that much more time to start, reload or stop, counted from now."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1e6)}")

    def reloading(self) -> None:
        """Say that the configuration is read again; ``ready`` ends it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={int(self._clock() * 1e6)}")

    def stopping(self, status: str) -> None:
        """Say that the daemon has begun to stop."""
        self._send("STOPPING=1", _status(status))

    def _send(self, *assignments: str) -> None:
        if self._address is None:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as outlet:
            outlet.settimeout(1.0)
            outlet.sendto("\n".join(assignments).encode("utf-8", "replace"), self._address)


def _address(variable: str) -> str | None:
    """Return the socket's address: a path, or with a leading NUL a name in Linux' abstract namespace."""
    if variable.startswith("@"):
        return f"\0{variable[1:]}"
    return variable if variable.startswith("/") else None


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    """Return the limit that sd_watchdog_enabled(3) would, where it is meant for this process."""
    limit, process = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(os.getpid()))
    if not limit.isdecimal() or int(limit) == 0 or process != str(os.getpid()):
        return None
    return int(limit) / 1e6


def _status(status: str) -> str:
    return f"STATUS={' '.join(status.split())}"
