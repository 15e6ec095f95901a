"""The application of the process beside the daemon, on a thread: what it asks the daemon goes over a link."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry

from daemon.build.server import reports
from daemon.front.application import Application
from daemon.front.asked import AskedDaemon
from daemon.front.desk import Desk
from daemon.front.link import Link
from daemon.front.settings import FrontSettings
from daemon.telemetry.health import Health
from daemon.telemetry.history.recorder import Recorder
from daemon.web.control import Control
from daemon.web.listener import listen, url_of
from daemon.web.serve import door_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from ssl import SSLContext

    from starlette.types import ASGIApp

    from daemon.front.model import ReceivedModel
    from daemon.web.door import Door

DEADLINE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Served:
    address: str
    door: Door

    @property
    def place(self) -> tuple[str, int]:
        host, port = self.address.split("//")[1].rsplit(":", 1)
        return host.strip("[]"), int(port)


@contextmanager
def served(
    application: ASGIApp | Callable[[], ASGIApp],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: SSLContext | None = None,
    make: bool = False,
    **bounds: Any,
) -> Iterator[Served]:
    """Serve an application, or one that is made (``make``) on the thread that serves it."""
    listener, started, doors = listen(host, port), threading.Event(), list["Door"]()
    # A client that says nothing is seen at once.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 0)
    stop: Callable[[], object] = lambda: None  # noqa: E731

    async def serve() -> None:
        nonlocal stop
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        stop = lambda: loop.call_soon_threadsafe(stopped.set)  # noqa: E731
        doors.append(door_to(application() if make else application, listener, tls=tls, **bounds))  # type: ignore[arg-type,call-arg]
        doors[0].open()
        started.set()
        await stopped.wait()
        await doors[0].close(within_seconds=1.0)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="http")
    thread.start()
    try:
        assert started.wait(10.0)
        with listener:
            yield Served(url_of(listener, scheme="http" if tls is None else "https"), doors[0])
    finally:
        stop()
        thread.join(10.0)


@contextmanager
def front(
    registry: CollectorRegistry | None = None,
    *,
    health: Health | None = None,
    history: Recorder | None = None,
    control: Control | None = None,
    model: ReceivedModel | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    **settings: Any,
) -> Iterator[Served]:
    """Serve all that the daemon's process serves, of a daemon of which these are the parts."""
    signs = health or Health(turn_limit_seconds=60.0)
    desk = Desk(reports(registry or CollectorRegistry(), signs, history or Recorder()), control or Control())
    ends = [Link(end) for end in Link.pair()]
    of = FrontSettings(name="retaind", version="0.1.0", **{"max_connections": 128} | settings)

    def application() -> ASGIApp:
        asked = AskedDaemon(ends[1], receive_model=lambda message: message.drop(), ended=lambda: None)
        return Application(of, daemon=asked, signs=signs, model=model, doors=[]).asgi

    thread = threading.Thread(target=desk.serve, args=(ends[0],), name="desk")
    thread.start()
    try:
        tls = None if of.tls is None else of.tls.context()
        with served(application, make=True, host=host, port=port, tls=tls, most=of.max_connections) as server:
            yield server
    finally:
        ends[1].close()
        thread.join(10.0)
        ends[0].close()
