"""Whether the supervisor can be told that the daemon is ready."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from daemon.doctor.finding import ok, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup


def check_supervisor(setup: Setup) -> Iterator[Finding]:
    """Connect to systemd's socket, where one is named, and send nothing."""
    name = setup.environ.get("NOTIFY_SOCKET", "")
    if not name:
        yield ok("no NOTIFY_SOCKET: not started by systemd")
        return
    address = f"\0{name[1:]}" if name.startswith("@") else name
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as outlet:
            outlet.connect(address)
    except OSError as error:
        yield problem(
            f"NOTIFY_SOCKET is {name}, which cannot be reached: {error.strerror}",
            "systemd will not learn that the daemon is ready; unset it, or run under Type=notify",
        )
    else:
        yield ok(f"listens at {name}")
