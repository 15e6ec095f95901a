"""Serves an application over a listening socket, on an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

from daemon.web.door import Door
from daemon.web.protocol import MOST_HEAD_BYTES, BoundedH11Protocol

if TYPE_CHECKING:
    import socket
    from ssl import SSLContext

    from starlette.types import ASGIApp

MOST_CONNECTIONS = 128


def door_to(
    application: ASGIApp,
    listener: socket.socket,
    *,
    most: int = MOST_CONNECTIONS,
    tls: SSLContext | None = None,
) -> Door:
    """Return the door through which the application is asked, not open yet."""
    config = uvicorn.Config(
        application,
        http=BoundedH11Protocol,
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    config.load()
    return Door(listener, config, most=most, tls=tls)
