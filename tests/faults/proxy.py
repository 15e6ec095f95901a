"""Stands between clients and a broker: cuts connections, stalls them, delays them, and leaves them half open."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PIECE_BYTES = 1 << 16


class Proxy:
    """Forwards every connection to ``port`` of this machine to another one; runs in a thread, as a context."""

    def __init__(self, port: int, *, to: int) -> None:
        self._port, self._to = port, to
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._connections: set[_Connection] = set()
        self.delay_seconds = 0.0
        self.flows = asyncio.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Reset all connections, in the middle of whatever they carry."""
        self._do(self._each, _Connection.cut)

    def half_open(self) -> None:
        """Let the broker's ends vanish, and tell the clients nothing: what they send goes nowhere."""
        self._do(self._each, _Connection.forget_broker)

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Within it, connections are taken and nothing passes."""
        self._loop.call_soon_threadsafe(self.flows.clear)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self.flows.set)

    @contextmanager
    def delayed(self, seconds: float) -> Iterator[None]:
        """Within it, every piece arrives so much later, in both directions."""
        self.delay_seconds = seconds
        try:
            yield
        finally:
            self.delay_seconds = 0.0

    def _do(self, what: Callable[..., Any], *arguments: Any) -> None:
        asyncio.run_coroutine_threadsafe(what(*arguments), self._loop).result(10)

    async def _listen(self) -> None:
        self.flows.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    async def _stop(self) -> None:
        self._server.close()
        await self._each(_Connection.cut)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _each(self, does: Callable[[_Connection], None]) -> None:
        for connection in list(self._connections):
            does(connection)

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        try:
            answers, broker = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            client.transport.abort()
            return
        connection = _Connection(self, client, broker)
        self._connections.add(connection)
        try:
            await asyncio.gather(connection.pump(reader, broker), connection.pump(answers, client))
        finally:
            connection.cut()
            self._connections.discard(connection)


class _Connection:
    """Two sockets, and what goes from one to the other."""

    def __init__(self, proxy: Proxy, client: asyncio.StreamWriter, broker: asyncio.StreamWriter) -> None:
        self._proxy, self._client, self._broker = proxy, client, broker
        self._half_open = False

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward until one end is closed; then close both, unless the client is to be told nothing."""
        with suppress(OSError):
            while piece := await reader.read(PIECE_BYTES):
                await self._proxy.flows.wait()
                await asyncio.sleep(self._proxy.delay_seconds)
                if not (self._half_open and writer is self._broker):
                    writer.write(piece)
                    await writer.drain()
        if not (self._half_open and writer is self._client):
            self.cut()

    def cut(self) -> None:
        """Close both ends, at once."""
        self._client.transport.abort()
        self._broker.transport.abort()

    def forget_broker(self) -> None:
        """Close the broker's end alone."""
        self._half_open = True
        self._broker.transport.abort()
