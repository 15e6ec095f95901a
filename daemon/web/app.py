"""What the server answers: the page, metrics, probes and status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import make_asgi_app
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from daemon.telemetry.history.recorder import Recorder
from daemon.web.page.routes import page_routes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prometheus_client import CollectorRegistry
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from daemon.telemetry.health import Health

_METHODS = ["GET", "HEAD"]
_FRESH = {"Cache-Control": "no-store"}


def app(
    registry: CollectorRegistry,
    *,
    health: Health,
    history: Recorder | None = None,
    control: Sequence[Route] = (),
    serving: Sequence[Route] = (),
) -> Starlette:
    """Return the ASGI application. It only reads; nothing that it serves changes the daemon, but ``control``."""

    async def livez(_: Request) -> Response:
        return _probe(health.why_not_alive())

    async def readyz(_: Request) -> Response:
        return _probe(health.why_not_ready())

    async def status(_: Request) -> Response:
        return Response(health.status(), media_type="application/json", headers=_FRESH)

    application = Starlette(
        routes=[
            *page_routes(Recorder() if history is None else history),
            Route("/metrics", _Exposition(registry), methods=_METHODS),
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/status", status),
            *control,
            *serving,
        ]
    )
    # A redirect would lead to the host that the request names.
    application.router.redirect_slashes = False
    return application


class _Exposition:
    """prometheus_client's application: text or OpenMetrics, as the scraper asks, compressed where it can."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._app = make_asgi_app(registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def _probe(why_not: str | None) -> Response:
    if why_not is None:
        return PlainTextResponse("ok\n", headers=_FRESH)
    return PlainTextResponse(f"{why_not}\n", status_code=503, headers=_FRESH)
