"""Requests that change the daemon: POST, with a bearer token (RFC 6750), and never from a page in a browser."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, get_args

import structlog
from starlette.routing import Route

from daemon.web.bearer_gate import BearerGate, address, json_response, says
from daemon.web.control import Action, StoppingError, TooManyWaitingError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from daemon.web.control import Control
    from daemon.web.token_file import TokenFile

log = structlog.get_logger("retaind")

CONTROL_PATHS = frozenset(f"/-/{action}" for action in get_args(Action))
PATIENCE_SECONDS = 60.0


def control_routes(
    control: Control, token: TokenFile, *, patience_seconds: float = PATIENCE_SECONDS
) -> list[Route]:
    """Return ``POST /-/ACTION`` for each action; it is answered when the loop has done it.

    200: done, 202: it will stop, 409: refused and nothing changed, 401: no token or another, 403: a page in a
    browser asks, 429: too many wrong tokens or orders, 503: stopping, 504: not done yet.
    """
    gate = BearerGate(token, what="control")

    def route(action: Action) -> Route:
        async def order(request: Request) -> Response:
            refusal = gate.refusal(request)
            if refusal is not None:
                return refusal
            log.info("requested over HTTP", action=action, client=address(request))
            return await _answered(control, action, patience_seconds=patience_seconds)

        return Route(f"/-/{action}", order, methods=["POST"])

    return [route(action) for action in get_args(Action)]


async def _answered(control: Control, action: Action, *, patience_seconds: float) -> Response:
    try:
        order = control.ask(action)
        answer = await asyncio.wait_for(asyncio.wrap_future(order), patience_seconds)
    except TooManyWaitingError:
        return says(429, "the loop has not reached the earlier requests yet", **{"Retry-After": "1"})
    except StoppingError:
        return says(503, "the daemon is stopping")
    except TimeoutError:
        begun = "it has begun and goes on" if order.running() else "nothing was done"
        return says(504, f"the loop has not answered within {patience_seconds:g} s; {begun}")
    except Exception:  # noqa: BLE001 - the loop's thread has it too, and ends of it
        return says(500, "it failed and ends the daemon; the log says why")
    status = 409 if not answer.done else 202 if action == "quit" else 200
    return json_response(status, {"action": action, "done": answer.done, **answer.told})
