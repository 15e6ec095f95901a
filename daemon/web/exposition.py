"""``/metrics``: text or OpenMetrics, as the scraper asks, compressed where it can."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from prometheus_client.exposition import choose_encoder
from prometheus_client.exposition import generate_latest as as_text
from prometheus_client.openmetrics.exposition import generate_latest as as_openmetrics
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry
    from prometheus_client.registry import Collector
    from starlette.requests import Request

    from daemon.web.asking import Daemon

_END = b"# EOF\n"
_FAST = 1
"""gzip's level: a metric's text shrinks tenfold with any."""


class Exposition:
    """What the daemon tells in its metrics, and what this server tells of itself, rendered once for all who ask."""

    def __init__(self, daemon: Daemon, own: CollectorRegistry, *, look: Callable[[], None] = lambda: None) -> None:
        """``look`` is called before the server's own figures are taken."""
        self._daemon = daemon
        self._own = own
        self._look = look
        self._made: dict[tuple[bool, bool], tuple[bytes, bytes]] = {}

    async def __call__(self, request: Request) -> Response:
        """Answer a scrape."""
        _, media = choose_encoder(",".join(request.headers.getlist("accept")))
        openmetrics = media.startswith("application/openmetrics-text")
        packed = "gzip" in ",".join(request.headers.getlist("accept-encoding"))
        told = await self._daemon.report("openmetrics" if openmetrics else "text")
        headers = {"Cache-Control": "no-store", "Content-Type": media, "Vary": "Accept-Encoding"}
        if packed:
            headers["Content-Encoding"] = "gzip"
        return Response(self._body(told, openmetrics=openmetrics, packed=packed), headers=headers)

    def _body(self, told: bytes, *, openmetrics: bool, packed: bool) -> bytes:
        made_of, body = self._made.get((openmetrics, packed), (None, b""))
        if made_of is not told:
            body = self._plain(told, openmetrics=openmetrics)
            body = gzip.compress(body, _FAST, mtime=0) if packed else body
            self._made[openmetrics, packed] = told, body
        return body

    def _plain(self, told: bytes, *, openmetrics: bool) -> bytes:
        self._look()
        return told.removesuffix(_END) + metrics_text(self._own, openmetrics=openmetrics)


def metrics_text(registry: Collector, *, openmetrics: bool) -> bytes:
    """Return a registry's metrics in one of the two forms."""
    text: bytes = as_openmetrics(registry) if openmetrics else as_text(registry)  # type: ignore[no-untyped-call]
    return text
