"""Bounds what a request may bring."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from daemon.web.protocol import MOST_HEAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

MOST_BODY_BYTES = 1024
_AROUND_A_HEADER = len(b": \r\n")


class RequestBounds:
    """Refuses large heads and bodies, and bodies of unknown length."""

    def __init__(self, app: ASGIApp, *, bodies: Mapping[str, int] = MappingProxyType({})) -> None:
        """``bodies`` are the bytes that a body may have, of paths that need larger ones."""
        self._app = app
        self._bodies = bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse with 411, 413 or 431."""
        refusal = self._refusal(scope)
        await (self._app if refusal is None else refusal)(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        if _head_bytes(scope) > MOST_HEAD_BYTES:
            return _refusal(431, f"the head of a request has at most {MOST_HEAD_BYTES} bytes")
        headers = Headers(scope=scope)
        if "transfer-encoding" in headers:
            return _refusal(411, "a body of unknown length is not taken")
        most = self._bodies.get(scope["path"], MOST_BODY_BYTES)
        if int(headers.get("content-length", "0")) > most:
            return _refusal(413, f"no request needs more than {most} bytes")
        return None


def _head_bytes(scope: Scope) -> int:
    """Return the bytes of a head; one that came in a single piece was parsed however large it is."""
    line = len(scope["raw_path"]) + len(scope["query_string"])
    return line + sum(len(name) + len(value) + _AROUND_A_HEADER for name, value in scope["headers"])


def _refusal(status: int, reason: str) -> PlainTextResponse:
    """Return an answer after which the connection is closed, so that the body need not be read."""
    return PlainTextResponse(f"{reason}\n", status_code=status, headers={"Connection": "close"})
