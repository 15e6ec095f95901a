"""Lets connections in from the listening socket: so many and no more, in a burst too."""

from __future__ import annotations

import asyncio
import resource
import select
import socket
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING

from uvicorn.server import ServerState

from daemon.web import protocol
from daemon.web.newcomers import Newcomer, Newcomers
from daemon.web.protocol import BoundedH11Protocol

if TYPE_CHECKING:
    from ssl import SSLContext

    from uvicorn import Config

_AT_ONCE = 64
"""Connections accepted before all others are heard again."""
_PAUSE_SECONDS = 0.1
_SWEEP_SECONDS = 1.0
_SILENT_PLACES = 4
"""For each place of a connection that has said something."""
_RESERVE = 64
"""Descriptors that are not for connections."""


class Door:
    """Accepts connections; ``most`` that have said something, and a few times as many that have not.

    A connection costs little until it says something: of 10,000 silent ones each is held for a moment, and gives
    way to the next. Of those that have, the first to go is who is silent for longest, then who takes an answer for
    longest: who is silent or does not read keeps nobody out. Nobody goes before there was a look at what he sent.
    """

    def __init__(
        self,
        listener: socket.socket,
        config: Config,
        *,
        most: int,
        tls: SSLContext | None = None,
    ) -> None:
        self.tls = tls
        """Of connections to come; may be replaced at any time."""
        self._listener = listener
        self._config = config
        self._most = most
        self.gave_way = 0
        """Connections that were ended because others came."""
        self._state = ServerState()
        self._newcomers = Newcomers()
        self._ears = select.epoll()
        """Of all newcomers: to be heard by the event loop itself would cost more than all else about them."""
        descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._most_silent = max(_AT_ONCE, min(_SILENT_PLACES * most, descriptors - most - _RESERVE))
        self._inside: dict[BoundedH11Protocol, asyncio.Task[None]] = {}
        self._round = 0
        self._somebody_left = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def __len__(self) -> int:
        return len(self._newcomers) + len(self._inside)

    def open(self) -> None:
        """Begin to let in."""
        self._listener.setblocking(False)
        self._loop.add_reader(self._listener, self._accept)
        self._loop.add_reader(self._ears, self._hear)
        self._loop.call_later(_SWEEP_SECONDS, self._sweep)

    async def close(self, *, within_seconds: float) -> None:
        """Let nobody in any more; give the answers that are on their way so long."""
        self._loop.remove_reader(self._listener)
        self._loop.remove_reader(self._ears)
        for newcomer in self._newcomers.older_than(inf):
            self._send_away(newcomer)
        for guest in list(self._inside):
            guest.shutdown_gently()
        with suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                while self._inside:
                    self._somebody_left.clear()
                    await self._somebody_left.wait()
        for guest in list(self._inside):
            self._end(guest)
        self._ears.close()

    def _accept(self) -> None:
        self._round += 1
        for _ in range(_AT_ONCE):
            if not self._has_room():
                return
            try:
                connection, address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                # No descriptors or memory are left on this machine: the listener would be ready again at once.
                self._loop.remove_reader(self._listener)
                self._loop.call_later(_PAUSE_SECONDS, self._loop.add_reader, self._listener, self._accept)
                return
            connection.setblocking(False)
            newcomer = Newcomer(connection, address[0], self._loop.time(), self._round)
            self._newcomers.add(newcomer)
            self._ears.register(connection, select.EPOLLIN)

    def _has_room(self) -> bool:
        """Make room for a newcomer if need be; return False where that has to wait until others were heard."""
        if len(self._newcomers) < self._most_silent:
            return True
        oldest = self._newcomers.next_to_go(before_round=self._round)
        if oldest is None:
            return False
        self._send_away(oldest)
        self.gave_way += 1
        return True

    def _hear(self) -> None:
        for descriptor, _ in self._ears.poll(0):
            if (newcomer := self._newcomers.find(descriptor)) is not None:
                self._let_in(newcomer)

    def _let_in(self, newcomer: Newcomer) -> None:
        """Begin to hear a newcomer who has said something; he waits while others are to be heard yet."""
        connection = newcomer.connection
        if _has_left(connection):
            self._send_away(newcomer)
            return
        while len(self._inside) >= self._most:
            weakest = min(self._inside, key=BoundedH11Protocol.claim)
            if not weakest.had_a_hearing:
                return
            self._end(weakest)
            self.gave_way += 1
        self._ears.unregister(connection)
        self._newcomers.remove(newcomer)
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
        """Send those away who have said nothing for too long."""
        for newcomer in self._newcomers.older_than(self._loop.time() - protocol.HEAD_SECONDS):
            self._send_away(newcomer)
        self._loop.call_later(_SWEEP_SECONDS, self._sweep)

    def _send_away(self, newcomer: Newcomer) -> None:
        self._newcomers.remove(newcomer)
        newcomer.connection.close()

    def _has_left(self, guest: BoundedH11Protocol) -> None:
        self._inside.pop(guest, None)
        self._somebody_left.set()

    def _end(self, guest: BoundedH11Protocol) -> None:
        task = self._inside.pop(guest)
        if guest.connected:
            guest.transport.abort()
        else:
            task.cancel()


def _has_left(connection: socket.socket) -> bool:
    """Return whether the other side has ended a connection without a word."""
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except OSError:
        return True
