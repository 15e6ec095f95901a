"""What the server answers: the page, metrics, probes and status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from daemon.web.asking import NoAnswerError
from daemon.web.page.routes import page_routes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from daemon.telemetry.vital_signs import VitalSigns
    from daemon.web.asking import Daemon
    from daemon.web.exposition import Exposition

_METHODS = ["GET", "HEAD"]
_FRESH = {"Cache-Control": "no-store"}


def app(
    daemon: Daemon,
    *,
    signs: VitalSigns,
    exposition: Exposition,
    control: Sequence[Route] = (),
    serving: Sequence[Route] = (),
) -> Starlette:
    """Return the ASGI application. It only reads; nothing that it serves changes the daemon, but ``control``."""

    async def livez(_: Request) -> Response:
        return _probe(signs.why_not_alive())

    async def readyz(_: Request) -> Response:
        return _probe(signs.why_not_ready())

    async def status(_: Request) -> Response:
        return Response(await daemon.report("status"), media_type="application/json", headers=_FRESH)

    application = Starlette(
        routes=[
            *page_routes(daemon),
            Route("/metrics", exposition.__call__, methods=_METHODS),
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/status", status),
            *control,
            *serving,
        ],
        exception_handlers={NoAnswerError: _no_answer},
    )
    # A redirect would lead to the host that the request names.
    application.router.redirect_slashes = False
    return application


def _probe(why_not: str | None) -> Response:
    if why_not is None:
        return PlainTextResponse("ok\n", headers=_FRESH)
    return PlainTextResponse(f"{why_not}\n", status_code=503, headers=_FRESH)


def _no_answer(_: Request, error: Exception) -> Response:
    return PlainTextResponse(f"{error}\n", status_code=503, headers={**_FRESH, "Retry-After": "5"})
