"""The socket that is listened on."""

from __future__ import annotations

import errno
import socket

QUEUE = 4096
"""Connections that the system holds until they are accepted; Linux takes what net.core.somaxconn allows of it."""


_SILENT_SECONDS = 10
"""So long, or somewhat longer, the system keeps a connection to itself on which nothing has come (tcp(7))."""


class AddressUnavailableError(Exception):
    """The configured host and port can't be listened on."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; raise ``AddressUnavailableError`` with the remedy where that can't be."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        listener = socket.create_server(address[:2], family=family, backlog=QUEUE)
    except OSError as error:
        raise AddressUnavailableError(_remedy(error, host=host, port=port)) from error
    # Who says nothing is not in the queue, where others would wait behind him.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, _SILENT_SECONDS)
    return listener


def url_of(listener: socket.socket, *, scheme: str) -> str:
    """Return the URL that is listened on, with the port that was picked where 0 was asked for."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"{scheme}://{host}:{port}"


def _remedy(error: OSError, *, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"http.port: port {port} on {host} is already in use. Stop what holds it (ss -ltnp 'sport = :{port}' "
            "shows it), or set http.port to another one; 0 picks a free one."
        )
    if error.errno == errno.EACCES:
        return f"http.port: this user may not listen on port {port}. Set http.port to 1024 or above."
    return f"http.host: {host} is not an address of this machine ({error.strerror or error}). Try 127.0.0.1."
