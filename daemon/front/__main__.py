"""The process that answers HTTP: ``python -m daemon.front LISTENER LINK SIGNS``, started by the daemon.

The arguments are descriptors that it has from there: the listening socket, its end of the link, and the memory with
the vital signs. It ends with the link, or with the daemon.
"""

from __future__ import annotations

import asyncio
import ctypes
import mmap
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from daemon.front.application import Application
from daemon.front.asked import AskedDaemon
from daemon.front.link import Link, Message
from daemon.front.model import ReceivedModel, prepare_aside
from daemon.front.settings import FrontSettings
from daemon.front.told_log import tell_log
from daemon.serving.packed import PACKAGES
from daemon.telemetry.vital_signs import VitalSigns
from daemon.web.serve import door_to
from daemon.web.tls import WatchedTls

if TYPE_CHECKING:
    from daemon.web.door import Door

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, prctl(2)
_OF_THE_DAEMON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_LOOK_SECONDS = 2.0
_LAST_SECONDS = 1.0


def main(listener: int, link: int, signs: int) -> None:
    """Serve until the daemon ends the link."""
    # A terminal, or systemd, sends these to all processes; the daemon says when it is over.
    for number in _OF_THE_DAEMON:
        signal.signal(number, signal.SIG_IGN)
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the daemon has ended")
    ends = Link(socket.socket(fileno=link))
    first = ends.receive()
    if first is not None:
        settings = FrontSettings.from_json(first.data())
        asyncio.run(_serve(settings, socket.socket(fileno=listener), ends, _seen(signs)))
    # Nothing is left to do, and what may still be imported need not be waited for.
    os._exit(0)


def _seen(signs: int) -> VitalSigns:
    memory = mmap.mmap(signs, 0, prot=mmap.PROT_READ)
    return VitalSigns(memoryview(memory))


async def _serve(settings: FrontSettings, listener: socket.socket, link: Link, signs: VitalSigns) -> None:
    ended, model = asyncio.Event(), _model(settings)
    daemon = AskedDaemon(link, receive_model=Message.drop if model is None else model.receive, ended=ended.set)
    tell_log(daemon.log)
    doors: list[Door] = []
    application = Application(settings, daemon=daemon, signs=signs, model=model, doors=doors)
    metrics = application.metrics
    tls = None if settings.tls is None else WatchedTls(settings.tls, metrics=metrics, log=daemon.log)
    door = door_to(application.asgi, listener, most=settings.max_connections)
    doors.append(door)
    door.tls = None if tls is None else tls.context
    door.open()
    link.send({"kind": "serves"})
    if model is not None:
        prepare_aside(model)
    await (ended.wait() if tls is None else _watch(tls, door, ended))
    daemon.tapped.end()
    await door.close(within_seconds=_LAST_SECONDS)


def _model(settings: FrontSettings) -> ReceivedModel | None:
    asked = settings.serving
    return None if asked is None else ReceivedModel(PACKAGES | set(asked.packages))


async def _watch(tls: WatchedTls, door: Door, ended: asyncio.Event) -> None:
    """Let connections to come have the newest certificate, until all has ended."""
    while not ended.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), _LOOK_SECONDS)
        tls.look()
        door.tls = tls.context


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
