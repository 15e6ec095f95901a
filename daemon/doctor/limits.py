"""Whether the limits of this process leave room."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

from daemon.doctor.finding import ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup

ENOUGH_FILES = 1024
"""Connections to each broker, 64 of the HTTP server, the files of a checkpoint, and what torch opens."""


def check_limits(_: Setup) -> Iterator[Finding]:
    """Look at the numbers of open files and the size of a file (getrlimit(2))."""
    files, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != resource.RLIM_INFINITY and files < ENOUGH_FILES:
        yield warning(
            f"only {files} files may be open",
            f"raise it to {ENOUGH_FILES} (ulimit -n; under systemd: LimitNOFILE=)",
        )
    else:
        yield ok(f"{'any number of' if files == resource.RLIM_INFINITY else files} files may be open")
    largest, _hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    if largest != resource.RLIM_INFINITY:
        yield warning(
            f"no file may exceed {largest} bytes, nor may a checkpoint",
            "lift it (ulimit -f unlimited; under systemd: LimitFSIZE=infinity)",
        )
