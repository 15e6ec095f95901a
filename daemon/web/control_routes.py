"""Requests that change the daemon: POST, with a bearer token (RFC 6750), and never from a page in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from starlette.routing import Route

from daemon.web.bearer_gate import address, json_response
from daemon.web.control import Action

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from daemon.web.asking import Daemon
    from daemon.web.bearer_gate import BearerGate

CONTROL_PATHS = frozenset(f"/-/{action}" for action in get_args(Action))
PATIENCE_SECONDS = 60.0
_TOO_MANY = 429


def control_routes(daemon: Daemon, gate: BearerGate, *, patience_seconds: float) -> list[Route]:
    """Return ``POST /-/ACTION`` for each action; it is answered when the loop has done it.

    200: done, 202: it will stop, 409: refused and nothing changed, 401: no token or another, 403: a page in a
    browser asks, 429: too many wrong tokens or orders, 503: stopping, 504: not done yet.
    """

    def route(action: Action) -> Route:
        async def order(request: Request) -> Response:
            refusal = gate.refusal(request)
            if refusal is not None:
                return refusal
            status, told = await daemon.order(action, client=address(request), patience_seconds=patience_seconds)
            retry = {"Retry-After": "1"} if status == _TOO_MANY else {}
            return json_response(status, told, **retry)

        return Route(f"/-/{action}", order, methods=["POST"])

    return [route(action) for action in get_args(Action)]
