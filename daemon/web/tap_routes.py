"""Events as they pass, by long poll: ``GET /-/tap``, with the token of control, where the file allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from daemon.web.bearer_gate import fresh_json, says

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from daemon.web.bearer_gate import BearerGate
    from daemon.web.tap_ring import TapRing

TAP_PATH = "/-/tap"
MOST_WATCHING = 8
WAIT_SECONDS = 10.0
_MOST_DIGITS = 15


def tap_routes(ring: TapRing, gate: BearerGate, *, ask: Callable[[int], None]) -> list[Route]:
    """Return the route ``GET /-/tap?every=N&after=SEEN``; ``ask`` tells the daemon that one event in N is wanted.

    200: ``{"lines": […], "next": …, "missed": …}``, when there is one or 10 s are over, 401 and 403 as for control,
    422: no numbers, 429: too many watch.
    """
    waiting = 0

    async def lines(request: Request) -> Response:
        nonlocal waiting
        refusal = gate.refusal(request)
        if refusal is not None:
            return refusal
        every, after = _number(request, "every"), _number(request, "after")
        every = 1 if every is None else every
        if every < 1 or after == _BAD:
            return says(422, "give every, a whole number from 1 on, and after, which an answer has as next")
        if waiting >= MOST_WATCHING:
            return says(429, f"{MOST_WATCHING} watch already", **{"Retry-After": "10"})
        waiting += 1
        try:
            ask(every)
            found = await ring.after(after, wait_seconds=WAIT_SECONDS)
        finally:
            waiting -= 1
        text = b",".join(found.lines).decode()
        return fresh_json(f'{{"lines": [{text}], "next": {found.next}, "missed": {found.missed}}}', status=200)

    return [Route(TAP_PATH, lines, methods=["GET"])]


_BAD = -1


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else _BAD
