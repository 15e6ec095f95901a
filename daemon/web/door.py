"""Lets connections in from the listening socket: so many and no more, in a burst too."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from uvicorn.server import ServerState

from daemon.web import protocol
from daemon.web.protocol import BoundedH11Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext

    from uvicorn import Config

_AT_ONCE = 64
"""Connections accepted before all others are heard again."""
_PAUSE_SECONDS = 0.1


class _Newcomer(NamedTuple):
    came: float
    round: int


class Door:
    """Accepts connections; one beyond ``most`` takes the place of another.

    A connection costs little until it says something: of 10,000 silent ones each is held for a moment, and gives
    way to the next. First to go is who has said nothing yet, then who is silent for longest, then who has been
    taking an answer for longest: who is silent or does not read keeps nobody out. Nobody goes before there was a
    look at what he has sent.
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
        self._newcomers: dict[socket.socket, _Newcomer] = {}
        self._inside: dict[BoundedH11Protocol, asyncio.Task[None]] = {}
        self._round = 0
        self._sweeping: asyncio.TimerHandle | None = None
        self._somebody_left = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def __len__(self) -> int:
        return len(self._newcomers) + len(self._inside)

    def open(self) -> None:
        """Begin to let in."""
        self._listener.setblocking(False)
        self._loop.add_reader(self._listener, self._accept)

    async def close(self, *, within_seconds: float) -> None:
        """Let nobody in any more; give the answers that are on their way so long."""
        self._loop.remove_reader(self._listener)
        for connection in list(self._newcomers):
            self._send_away(connection)
        for guest in list(self._inside):
            guest.shutdown_gently()
        with suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                while self._inside:
                    self._somebody_left.clear()
                    await self._somebody_left.wait()
        for guest in list(self._inside):
            self._end(guest)

    def _accept(self) -> None:
        self._round += 1
        for _ in range(min(_AT_ONCE, self._most)):
            if not self._has_room():
                return
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                # No descriptors or memory are left on this machine: the listener would be ready again at once.
                self._loop.remove_reader(self._listener)
                self._loop.call_later(_PAUSE_SECONDS, self.open)
                return
            connection.setblocking(False)
            self._newcomers[connection] = _Newcomer(self._loop.time(), self._round)
            self._loop.add_reader(connection, self._let_in, connection)
            if self._sweeping is None:
                self._sweeping = self._loop.call_later(protocol.HEAD_SECONDS, self._sweep)

    def _has_room(self) -> bool:
        """Make room for one more if need be; return False where that has to wait until others were heard."""
        if len(self) < self._most:
            return True
        oldest = next(iter(self._newcomers), None)
        if oldest is not None and self._newcomers[oldest].round < self._round:
            self._send_away(oldest)
        elif self._inside:
            self._end(min(self._inside, key=BoundedH11Protocol.claim))
        else:
            return False
        self._made_room()
        return True

    def _let_in(self, connection: socket.socket) -> None:
        """Begin to hear a newcomer who has said something, or has left."""
        self._loop.remove_reader(connection)
        self._newcomers.pop(connection)
        # asyncio does so by itself where a socket says that it is TCP's, which one that was accepted does not: the
        # body of an answer would wait 40 ms for the acknowledgement of its head.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        guest = BoundedH11Protocol(self._config, self._state, {}, _loop=self._loop, left=self._has_left)
        self._inside[guest] = self._loop.create_task(self._receive(connection, guest))

    async def _receive(self, connection: socket.socket, guest: BoundedH11Protocol) -> None:
        timeout = None if self.tls is None else protocol.HEAD_SECONDS
        try:
            await self._loop.connect_accepted_socket(
                lambda: guest, connection, ssl=self.tls, ssl_handshake_timeout=timeout
            )
        except (OSError, asyncio.CancelledError):
            # It ended before it was there: a handshake that failed, or somebody else had its place.
            connection.close()
            self._has_left(guest)

    def _sweep(self) -> None:
        """Send those away who have not said anything for too long."""
        now, self._sweeping = self._loop.time(), None
        for connection, newcomer in list(self._newcomers.items()):
            if newcomer.came + protocol.HEAD_SECONDS > now:
                self._sweeping = self._loop.call_at(newcomer.came + protocol.HEAD_SECONDS, self._sweep)
                return
            self._send_away(connection)

    def _send_away(self, connection: socket.socket) -> None:
        self._loop.remove_reader(connection)
        del self._newcomers[connection]
        connection.close()

    def _has_left(self, guest: BoundedH11Protocol) -> None:
        self._inside.pop(guest, None)
        self._somebody_left.set()

    def _end(self, guest: BoundedH11Protocol) -> None:
        task = self._inside.pop(guest)
        if guest.connected:
            guest.transport.abort()
        else:
            task.cancel()
