"""What may be wrong with a set-up. A new check is one function, and one line in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.doctor.certificates import check_certificates
from daemon.doctor.checkpoints import check_checkpoints
from daemon.doctor.clock import check_clock
from daemon.doctor.data import check_data
from daemon.doctor.files import check_files
from daemon.doctor.http import check_http
from daemon.doctor.kafka import check_kafka
from daemon.doctor.limits import check_limits
from daemon.doctor.lock import check_lock
from daemon.doctor.memory import check_memory
from daemon.doctor.memory_limits import check_memory_limits
from daemon.doctor.processor import check_processor
from daemon.doctor.registry import check_registry
from daemon.doctor.secrets import check_secrets
from daemon.doctor.state_directory import check_disk_space, check_state_directory
from daemon.doctor.supervisor import check_supervisor
from daemon.doctor.versions import check_packages, check_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from daemon.config.schema import Config
    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup

MACHINE: Mapping[str, Callable[[Setup], Iterator[Finding]]] = {
    "python": check_python,
    "packages": check_packages,
    "processor": check_processor,
    "memory": check_memory,
    "memory limits": check_memory_limits,
    "limits": check_limits,
    "clock": check_clock,
    "supervisor": check_supervisor,
}

CONFIGURED: Mapping[str, Callable[[Config, Setup], Iterator[Finding]]] = {
    "secrets": check_secrets,
    "certificates": check_certificates,
    "state": check_state_directory,
    "disk": check_disk_space,
    "lock": check_lock,
    "checkpoint": check_checkpoints,
    "http": check_http,
    "files": check_files,
    "kafka": check_kafka,
    "registry": check_registry,
    "data": check_data,
}
