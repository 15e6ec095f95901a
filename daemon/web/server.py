"""The daemon's own HTTP server: page, metrics, probes and status, on a thread of its own."""

from __future__ import annotations

import errno
import socket
import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import uvicorn

from daemon.web.protocol import BoundedH11Protocol
from daemon.web.request_bounds import RequestBounds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ssl import SSLContext
    from types import TracebackType

    from starlette.types import ASGIApp


_MAX_HEAD_BYTES = 16 * 1024
_START_SECONDS = 10.0


class AddressUnavailableError(Exception):
    """The configured host and port can't be listened on."""


class HttpServer:
    """Serves an application until stopped. It installs no signal handlers and logs through ``uvicorn.error``."""

    def __init__(
        self,
        application: ASGIApp,
        *,
        host: str,
        port: int,
        tls: SSLContext | None = None,
        bodies: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._host = host
        self._port = port
        self._scheme = "http" if tls is None else "https"
        self._server = _Server(
            uvicorn.Config(
                RequestBounds(application, bodies=bodies),
                http=BoundedH11Protocol,
                h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=1,
                ssl_context_factory=None if tls is None else lambda _config, _default: tls,
            )
        )
        self._address: str | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """The URL that is listened on, with the port that was picked where 0 was asked for."""
        assert self._address is not None, "the server is not started"
        return self._address

    def start(self) -> None:
        """Listen; return when requests are answered. Raises AddressUnavailableError where that can't be."""
        assert self._thread is None, "a server starts once"
        listener = _listen(self._host, self._port)
        self._address = _url(listener, scheme=self._scheme)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="http", daemon=True)
        self._thread.start()
        assert self._server.serving.wait(_START_SECONDS), "uvicorn did not start"

    def stop(self, *, within_seconds: float = 5.0) -> None:
        """Finish the requests that are being answered, for at most that long. May be called twice, or unstarted."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(within_seconds)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """uvicorn's server, that says when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serving.set()


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. Binding here, not in uvicorn, lets the caller see what is wrong."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        raise AddressUnavailableError(_remedy(error, host=host, port=port)) from error


def _remedy(error: OSError, *, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"http.port: port {port} on {host} is already in use. Stop what holds it (ss -ltnp 'sport = :{port}' "
            "shows it), or set http.port to another one; 0 picks a free one."
        )
    if error.errno == errno.EACCES:
        return f"http.port: this user may not listen on port {port}. Set http.port to 1024 or above."
    return f"http.host: {host} is not an address of this machine ({error.strerror or error}). Try 127.0.0.1."


def _url(listener: socket.socket, *, scheme: str) -> str:
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"{scheme}://{host}:{port}"
