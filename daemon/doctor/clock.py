"""Whether this machine knows what time it is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.doctor.amounts import span
from daemon.doctor.finding import ok, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup

_LENIENT_SECONDS = 86400.0


def check_clock(setup: Setup) -> Iterator[Finding]:
    """Compare the clock with the time when retaind was installed."""
    now, installed = setup.clock(), Path(__file__).stat().st_mtime
    shown = datetime.fromtimestamp(now, tz=UTC).isoformat(timespec="seconds")
    if installed - now > _LENIENT_SECONDS:
        yield problem(
            f"it is {shown} here, {span(installed - now)} before retaind was installed",
            "set the clock: certificates and tokens are refused, and ages are wrong",
        )
    else:
        yield ok(shown)
