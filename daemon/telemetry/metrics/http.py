"""The process that answers HTTP: its connections, what it refuses, its certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from daemon.telemetry.metrics.board import Board

Refusal = Literal["connection", "rate", "host"]
"""A connection that made room for another, an address that asks too often, a name that is not this server's."""
CertificateReload = Literal["applied", "refused"]

RESTARTS = Family(
    "retaind_http_restarts_total", "counter", "Times that the process that answers HTTP ended and was started anew."
)
CONNECTIONS = Family("retaind_http_connections", "gauge", "Open connections.")
REFUSED = Family(
    "retaind_http_refused_total", "counter", "Connections ended and requests refused, by reason.", ("reason",)
)
MEMORY = Family(
    "retaind_http_resident_memory_bytes",
    "gauge",
    "Resident memory of the process that answers HTTP.",
    unit="bytes",
)
EXPIRY = Family(
    "retaind_tls_certificate_expiry_timestamp_seconds",
    "gauge",
    "When the certificate of the HTTP server ends; absent without TLS.",
    unit="seconds",
)
CERTIFICATES = Family(
    "retaind_tls_certificate_reloads_total",
    "counter",
    "Changed certificate files by result: applied, or refused and the former ones kept.",
    ("result",),
)
FAMILIES = (RESTARTS, CONNECTIONS, REFUSED, MEMORY, EXPIRY, CERTIFICATES)


class FrontRestarts:
    """Counts the restarts; told by the daemon."""

    def __init__(self, board: Board) -> None:
        self._board = board
        with board.tell() as now:
            now.add(RESTARTS, 0)

    def one(self) -> None:
        """Count one."""
        with self._board.tell() as now:
            now.add(RESTARTS, 1)


class HttpMetrics:
    """Shows what the process that answers sees of itself."""

    def __init__(self, board: Board) -> None:
        self._board = board
        with board.tell() as now:
            for reason in get_args(Refusal):
                now.add(REFUSED, 0, reason)

    def refused(self, reason: Literal["rate", "host"]) -> None:
        """Count a request that is refused."""
        with self._board.tell() as now:
            now.add(REFUSED, 1, reason)

    def stands(self, *, connections: int, gave_way: int, resident_bytes: int | None) -> None:
        """Show how it stands; ``gave_way`` are the connections that were ended for others since the start."""
        with self._board.tell() as now:
            now.set(REFUSED, gave_way, "connection")
            now.set(CONNECTIONS, connections)
            now.set(MEMORY, resident_bytes)

    def certificate(self, *, ends_at: float) -> None:
        """Show until when the certificate is valid, as Unix time; it is the first one, or another came in place."""
        with self._board.tell() as now:
            now.set(EXPIRY, ends_at)
            for result in get_args(CertificateReload):
                now.add(CERTIFICATES, 0, result)

    def certificates_changed(self, result: CertificateReload) -> None:
        """Count changed files."""
        with self._board.tell() as now:
            now.add(CERTIFICATES, 1, result)
