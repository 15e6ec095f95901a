"""Bounds what a request may bring, and how many are answered at once."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from daemon.web.basic_auth import OPEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

MOST_BODY_BYTES = 1024
MOST_AT_ONCE = 32


class RequestBounds:
    """Refuses large bodies, and too many requests at once, since the loop needs the processor.

    What supervisors ask is always answered: a flood of requests must not make them restart the daemon.
    """

    def __init__(self, app: ASGIApp, *, bodies: Mapping[str, int] = MappingProxyType({})) -> None:
        """``bodies`` are the bytes that a body may have, of paths that need larger ones."""
        self._app = app
        self._bodies = bodies
        self._answering = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse with 400, 411, 413 or 503."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        self._answering += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._answering -= 1

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if "transfer-encoding" in headers:
            return _refusal(411, "a body of unknown length is not taken")
        most = self._bodies.get(scope["path"], MOST_BODY_BYTES)
        if int(headers.get("content-length", "0")) > most:
            return _refusal(413, f"no request needs more than {most} bytes")
        if self._answering >= MOST_AT_ONCE and scope["path"] not in OPEN:
            return PlainTextResponse("too many requests at once\n", status_code=503, headers={"Retry-After": "1"})
        return None


def _refusal(status: int, reason: str) -> PlainTextResponse:
    """Return an answer after which the connection is closed, so that the body need not be read."""
    return PlainTextResponse(f"{reason}\n", status_code=status, headers={"Connection": "close"})
