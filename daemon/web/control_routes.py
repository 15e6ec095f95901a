"""Requests that change the daemon: POST, with a bearer token (RFC 6750), and never from a page in a browser."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, get_args

import structlog
from starlette.responses import Response
from starlette.routing import Route

from daemon.process.json_text import json_text
from daemon.process.redaction import redacted
from daemon.web.control import Action, StoppingError, TooManyWaitingError
from daemon.web.failed_attempts import FailedAttempts
from daemon.web.token_file import UnusableTokenError

if TYPE_CHECKING:
    from starlette.requests import Request

    from daemon.web.control import Control
    from daemon.web.token_file import TokenFile

log = structlog.get_logger("retaind")

CONTROL_PATHS = frozenset(f"/-/{action}" for action in get_args(Action))
PATIENCE_SECONDS = 60.0
_BEARER = 'Bearer realm="retaind"'


def control_routes(
    control: Control, token: TokenFile, *, patience_seconds: float = PATIENCE_SECONDS
) -> list[Route]:
    """Return ``POST /-/ACTION`` for each action; it is answered when the loop has done it.

    200: done, 202: it will stop, 409: refused and nothing changed, 401: no token or another, 403: a page in a
    browser asks, 429: too many wrong tokens or orders, 503: stopping, 504: not done yet.
    """
    gate = _Gate(token)

    def route(action: Action) -> Route:
        async def order(request: Request) -> Response:
            refusal = gate.refusal(request)
            if refusal is not None:
                return refusal
            log.info("requested over HTTP", action=action, client=_address(request))
            return await _answered(control, action, patience_seconds=patience_seconds)

        return Route(f"/-/{action}", order, methods=["POST"])

    return [route(action) for action in get_args(Action)]


class _Gate:
    """Lets through whoever shows the token; wrong ones are counted by address, the right one always passes."""

    def __init__(self, token: TokenFile) -> None:
        self._token = token
        self._failed = FailedAttempts()

    def refusal(self, request: Request) -> Response | None:
        """Return why not; None where the request may change the daemon."""
        if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") != "none":
            return _says(403, "pages in a browser may not do this")
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return _says(401, "a bearer token is required", **{"WWW-Authenticate": _BEARER})
        address = _address(request)
        try:
            if self._token.matches(shown.strip().encode()):
                return None
        except UnusableTokenError as error:
            log.warning("control refused", reason=str(error))
            return _says(503, "the daemon has no token to compare with; its log says why")
        if (seconds := self._failed.wait_seconds(address)) > 0:
            return _says(429, "too many wrong tokens", **{"Retry-After": str(seconds)})
        self._failed.count(address)
        log.warning("control refused", reason="wrong token", client=address)
        return _says(401, "wrong token", **{"WWW-Authenticate": f'{_BEARER}, error="invalid_token"'})


async def _answered(control: Control, action: Action, *, patience_seconds: float) -> Response:
    try:
        order = control.ask(action)
        answer = await asyncio.wait_for(asyncio.wrap_future(order), patience_seconds)
    except TooManyWaitingError:
        return _says(429, "the loop has not reached the earlier requests yet", **{"Retry-After": "1"})
    except StoppingError:
        return _says(503, "the daemon is stopping")
    except TimeoutError:
        begun = "it has begun and goes on" if order.running() else "nothing was done"
        return _says(504, f"the loop has not answered within {patience_seconds:g} s; {begun}")
    except Exception:  # noqa: BLE001 - the loop's thread has it too, and ends of it
        return _says(500, "it failed and ends the daemon; the log says why")
    status = 409 if not answer.done else 202 if action == "quit" else 200
    return _json(status, {"action": action, "done": answer.done, **answer.told})


def _says(status: int, problem: str, **headers: str) -> Response:
    return _json(status, {"error": problem}, **headers)


def _json(status: int, content: dict[str, Any], **headers: str) -> Response:
    body = json_text(redacted(content)) + "\n"
    fresh = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(body, status_code=status, media_type="application/json", headers=fresh | headers)


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""
