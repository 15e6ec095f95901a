"""Answers under names that this server is known by, so that no page in a browser can make another name lead here.

A page of ``evil.example`` can let that name point to this machine ("DNS rebinding") and then read what it serves,
since for the browser both are of one origin. The request says under which name it was made.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^\[\]:/@\s]*)(?::\d*)?", re.ASCII)
_LOCAL = (".localhost", ".svc", ".svc.cluster.local")
"""What ends names that are nobody's to register."""


class KnownNames:
    """Refuses requests under foreign names with 421.

    IP addresses are no names. Those without a dot are of this network: no public one is. Others are the machine's
    own, and those in ``names``.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str], *, refused: Callable[[], None] = lambda: None) -> None:
        self._app = app
        self._names = {name.lower() for name in (*names, socket.gethostname())}
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse."""
        host = Headers(scope=scope).get("host")
        if host is None or self._is_known(host):
            await self._app(scope, receive, send)
        else:
            self._refused()
            await _MISDIRECTED(scope, receive, send)

    def _is_known(self, host: str) -> bool:
        matched = _HOST.fullmatch(host.lower())
        if matched is None:
            return False
        name = matched["name"].rstrip(".")
        return "." not in name or _is_address(name) or name in self._names or name.endswith(_LOCAL)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


_MISDIRECTED = PlainTextResponse(
    "this server is not known by the name of this request; http.server_names lists those that it has\n",
    status_code=421,
)
