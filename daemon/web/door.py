"""Lets connections in from the listening socket: so many and no more, in a burst too."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from uvicorn.server import ServerState

from daemon.web.protocol import HEAD_SECONDS, BoundedH11Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext

    from uvicorn import Config

_AT_ONCE = 16
"""Connections let in before those that are inside are heard again: a request that has come is read by then."""
_PAUSE_SECONDS = 0.1


class Door:
    """Accepts connections; one beyond ``most`` takes the place of the one that has been silent for longest.

    A connection counts from when it is accepted, its TLS handshake included. Where none is silent, the one whose
    answer has been on its way for longest gives way: who does not read keeps nobody out.
    """

    def __init__(
        self,
        listener: socket.socket,
        config: Config,
        *,
        most: int,
        tls: SSLContext | None = None,
        made_room: Callable[[], None] = lambda: None,
    ) -> None:
        self.tls = tls
        """Of connections to come; may be replaced at any time."""
        self._listener = listener
        self._config = config
        self._most = most
        self._made_room = made_room
        self._state = ServerState()
        self._inside: dict[BoundedH11Protocol, asyncio.Task[None]] = {}
        self._somebody_left = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def __len__(self) -> int:
        return len(self._inside)

    def open(self) -> None:
        """Begin to let in."""
        self._listener.setblocking(False)
        self._loop.add_reader(self._listener, self._let_in)

    async def close(self, *, within_seconds: float) -> None:
        """Let nobody in any more; give the answers that are on their way so long."""
        self._loop.remove_reader(self._listener)
        for each in list(self._inside):
            each.shutdown_gently()
        with suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                while self._inside:
                    self._somebody_left.clear()
                    await self._somebody_left.wait()
        for each in list(self._inside):
            self._end(each)

    def _let_in(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                # No descriptors or memory are left on this machine: the listener would be ready again at once.
                self._loop.remove_reader(self._listener)
                self._loop.call_later(_PAUSE_SECONDS, self.open)
                return
            self._admit(connection)

    def _admit(self, connection: socket.socket) -> None:
        while len(self._inside) >= self._most:
            self._end(min(self._inside, key=BoundedH11Protocol.claim))
            self._made_room()
        connection.setblocking(False)
        # asyncio does so by itself where a socket says that it is TCP's, which one that was accepted does not: the
        # body of an answer would wait 40 ms for the acknowledgement of its head.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        guest = BoundedH11Protocol(self._config, self._state, {}, _loop=self._loop, left=self._has_left)
        self._inside[guest] = self._loop.create_task(self._receive(connection, guest))

    async def _receive(self, connection: socket.socket, guest: BoundedH11Protocol) -> None:
        timeout = None if self.tls is None else HEAD_SECONDS
        try:
            await self._loop.connect_accepted_socket(
                lambda: guest, connection, ssl=self.tls, ssl_handshake_timeout=timeout
            )
        except (OSError, asyncio.CancelledError):
            # It ended before it was there: a handshake that failed, or somebody else had its place.
            connection.close()
            self._has_left(guest)

    def _has_left(self, guest: BoundedH11Protocol) -> None:
        self._inside.pop(guest, None)
        self._somebody_left.set()

    def _end(self, guest: BoundedH11Protocol) -> None:
        task = self._inside.pop(guest)
        if guest.connected:
            guest.transport.abort()
        else:
            task.cancel()
