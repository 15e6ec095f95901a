"""Whether there are as many processors as the configuration wants threads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from daemon.doctor.cgroup import processors_allowed
from daemon.doctor.finding import ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup


def check_processor(setup: Setup) -> Iterator[Finding]:
    """Compare the threads of torch with what this process may use."""
    cores = len(os.sched_getaffinity(0))
    allowed = processors_allowed(setup)
    usable = cores if allowed is None else min(cores, allowed)
    found = f"{cores} for this process"
    if allowed is not None:
        found += f", of whose time its control group allows {allowed:g}"
    threads = 1 if setup.config is None else setup.config.learner.threads
    if threads > usable:
        yield warning(
            f"{found}; learner.threads is {threads}: they wait for one another",
            f"set learner.threads to {max(1, int(usable))}, or allow more processors",
        )
    elif usable < 1:
        yield warning(f"{found}: the loop is stopped again and again", "allow at least one processor")
    else:
        yield ok(found)
