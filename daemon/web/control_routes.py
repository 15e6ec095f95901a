"""Requests that change the daemon: POST, with a bearer token (RFC 6750), and never from a page in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import orjson
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
_UNREADABLE, _TOO_MANY = 422, 429
_MOST_KEYS, _MOST_BYTES = 100, 16_384
_HOW_TO_FORGET = f'give what is to be forgotten, at most {_MOST_KEYS} keys, as JSON: {{"keys": ["a key"]}}'


def control_routes(daemon: Daemon, gate: BearerGate, *, patience_seconds: float) -> list[Route]:
    """Return ``POST /-/ACTION`` for each action; it is answered when the loop has done it.

    200: done, 202: it will stop, 409: refused, nothing changed, 422: no keys to forget, 401: no token or another,
    403: a page in a browser asks, 429: too many wrong tokens or orders, 503: stopping, 504: not done yet.
    """

    def route(action: Action) -> Route:
        async def order(request: Request) -> Response:
            refusal = gate.refusal(request)
            if refusal is not None:
                return refusal
            keys = await _keys(request) if action == "forget" else ()
            if keys is None:
                return json_response(_UNREADABLE, {"error": _HOW_TO_FORGET})
            client = address(request)
            status, told = await daemon.order(action, client=client, patience_seconds=patience_seconds, keys=keys)
            retry = {"Retry-After": "1"} if status == _TOO_MANY else {}
            return json_response(status, told, **retry)

        return Route(f"/-/{action}", order, methods=["POST"])

    return [route(action) for action in get_args(Action)]


async def _keys(request: Request) -> list[str] | None:
    """Return the keys that a request names; None where it names none, or too many."""
    body = await request.body()
    try:
        keys = orjson.loads(body)["keys"] if len(body) <= _MOST_BYTES else None
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(keys, list) or not 0 < len(keys) <= _MOST_KEYS:
        return None
    return keys if all(isinstance(key, str) and key for key in keys) else None
