"""The process itself: what runs, since when, whether it is ready, and how its configuration fared."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Literal, get_args

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.process.own_use import OwnUse
    from daemon.telemetry.metrics.board import Board

Reload = Literal["applied", "refused"]
"""All of the new configuration, or nothing of it."""

BUILD = Family(
    "retaind_build_info", "info", "Versions of retaind, Python and torch.", ("version", "python", "torch")
)
STARTED = Family("retaind_start_timestamp_seconds", "gauge", "When the process started.", unit="seconds")
READY = Family("retaind_ready", "gauge", "1 while /readyz says ready: restored, assigned and not stalled.")
RELOADS = Family("retaind_config_reloads_total", "counter", "Reloads of the configuration by result.", ("result",))
RELOAD_GOOD = Family(
    "retaind_config_last_reload_successful",
    "gauge",
    "1 if the last reload was applied, 0 if it was refused; absent before the first.",
)
RELOADED = Family(
    "retaind_config_last_reload_success_timestamp_seconds",
    "gauge",
    "When a reload was last applied.",
    unit="seconds",
)
MEMORY = Family("retaind_process_resident_memory_bytes", "gauge", "Resident memory of the process.", unit="bytes")
CPU = Family(
    "retaind_process_cpu_seconds_total",
    "counter",
    "CPU time of all threads, user and system.",
    unit="seconds",
)
DESCRIPTORS = Family(
    "retaind_process_open_descriptors", "gauge", "Files, sockets and pipes that are open.", unit="descriptors"
)
MOST_DESCRIPTORS = Family(
    "retaind_process_max_descriptors",
    "gauge",
    "How many may be open (ulimit -n, LimitNOFILE=); absent where there is no limit.",
    unit="descriptors",
)
DISK = Family(
    "retaind_disk_free_bytes",
    "gauge",
    "Free bytes of the disk under what is written: state, predictions, dead_letters.",
    ("place",),
    unit="bytes",
)
FAMILIES = (BUILD, STARTED, READY, RELOADS, RELOAD_GOOD, RELOADED, MEMORY, CPU, DESCRIPTORS, MOST_DESCRIPTORS, DISK)


class ProcessMetrics:
    """Shows the process; not ready until told so."""

    def __init__(self, board: Board, *, version: str, torch_version: str, started_seconds: float) -> None:
        self._board = board
        with board.tell() as now:
            now.set(BUILD, 1, version, platform.python_version(), torch_version)
            now.set(STARTED, started_seconds)
            now.set(READY, 0)
            for result in get_args(Reload):
                now.add(RELOADS, 0, result)

    def ready(self, *, ready: bool) -> None:
        """Show whether the process is ready."""
        with self._board.tell() as now:
            now.set(READY, ready)

    def uses(self, use: OwnUse) -> None:
        """Show what the process takes; what the system does not tell is absent."""
        with self._board.tell() as now:
            now.set(MEMORY, use.resident_bytes)
            now.set(CPU, use.cpu_seconds)
            now.set(DESCRIPTORS, use.descriptors)
            now.set(MOST_DESCRIPTORS, use.most_descriptors)

    def disks(self, free: Mapping[str, int | None]) -> None:
        """Show how much of each place is free."""
        with self._board.tell() as now:
            for place, amount in free.items():
                now.set(DISK, amount, place)

    def reloaded(self, result: Reload, *, at_seconds: float) -> None:
        """Count a reload of the configuration at that Unix time."""
        with self._board.tell() as now:
            now.add(RELOADS, 1, result)
            now.set(RELOAD_GOOD, result == "applied")
            if result == "applied":
                now.set(RELOADED, at_seconds)
