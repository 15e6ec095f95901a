"""What the checks look at."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from daemon.config.schema import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """This machine, as this process sees it, and the configuration, where there is a valid one."""

    config: Config | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock: Callable[[], float] = time.time
    timeout_seconds: float = 10.0
    """The longest that a Kafka cluster is waited for."""
    proc: Path = Path("/proc")
    cgroups: Path = Path("/sys/fs/cgroup")
