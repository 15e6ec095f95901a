"""Starts the process that answers HTTP, and starts it anew where it ends."""

from __future__ import annotations

import mmap
import os
import select
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import structlog

from daemon.front.handed_over import in_memory
from daemon.front.link import Link
from daemon.telemetry.vital_signs import MEMORY_BYTES
from daemon.web.listener import listen, url_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daemon.front.desk import Desk
    from daemon.front.settings import FrontSettings
    from daemon.serving.packing import Packed
    from daemon.telemetry.health import Health

log = structlog.get_logger("retaind")

_UNASKED_SECONDS = 1.0
_SHORTEST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.1, 10.0
_GOOD_SECONDS = 60.0
"""Who has lived for so long has not failed to start."""


class Front:
    """The process that answers HTTP: the daemon listens, the process accepts.

    Connections that come while there is none wait. It never outlives the daemon.
    """

    def __init__(
        self,
        settings: FrontSettings,
        *,
        host: str,
        port: int,
        desk: Desk,
        health: Health,
        restarted: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._host, self._port = host, port
        self._desk = desk
        self._health = health
        self._restarted = restarted
        self._stopping, self._serves = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._model: tuple[dict[str, object], int] | None = None
        self._signs = -1
        self._listener: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._url: str | None = None

    @property
    def address(self) -> str:
        """The URL that is listened on, with the port that was picked where 0 was asked for."""
        assert self._url is not None, "it is not started"
        return self._url

    @property
    def pid(self) -> int | None:
        """The process that answers now."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Listen, and start the process; raise ``AddressUnavailableError`` where that can't be."""
        assert self._thread is None, "it starts once"
        self._listener = listen(self._host, self._port)
        self._url = url_of(self._listener, scheme="http" if self._settings.tls is None else "https")
        self._signs = os.memfd_create("retaind-signs")
        os.ftruncate(self._signs, MEMORY_BYTES)
        self._health.share(memoryview(mmap.mmap(self._signs, MEMORY_BYTES)))
        self._waker, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="front", daemon=True)
        self._thread.start()

    def stop(self, *, within_seconds: float = 5.0) -> None:
        """Let it finish the requests that are being answered, for at most that long. May be called twice."""
        self._stopping.set()
        if self._thread is None:
            return
        self._waker.close()
        with self._lock:
            if self._link is not None:
                self._link.end()
            if self._process is not None and not self._serves.is_set():
                # Nobody is being answered who would have to be waited for.
                self._process.kill()
        self._thread.join(within_seconds)
        if self._thread.is_alive() and self._process is not None:
            self._process.kill()
            self._thread.join()
        self._release()

    def hand_over(self, packed: Packed) -> None:
        """Let it answer from a copy of the model; called by the loop, and waits for nobody."""
        message, memory = in_memory(packed)
        with self._lock:
            former, self._model = self._model, (message, memory)
            if self._link is not None:
                self._link.send(message, memory=memory)
        if former is not None:
            os.close(former[1])

    def show(self, line: str) -> None:
        """Let those see a line who watch events; called by the loop, and waits for nobody."""
        with self._lock:
            if self._link is not None:
                self._link.send({"kind": "tapped", "line": line})

    def _run(self) -> None:
        wait = _SHORTEST_WAIT_SECONDS
        self._wait_until_asked()
        while not self._stopping.is_set():
            begun = time.monotonic()
            code = self._live()
            if self._stopping.is_set():
                return
            wait = _SHORTEST_WAIT_SECONDS if time.monotonic() - begun > _GOOD_SECONDS else wait
            log.error("the process that answers HTTP has ended, and is started anew", code=code, wait_seconds=wait)
            self._restarted()
            self._stopping.wait(wait)
            wait = min(2 * wait, _LONGEST_WAIT_SECONDS)

    def _wait_until_asked(self) -> None:
        """Wait for the first connection, but not for long: a run that is over by then needs no other process."""
        assert self._listener is not None
        if self._settings.serving is None:
            either = select.poll()
            for each in (self._listener, self._woken):
                either.register(each, select.POLLIN)
            either.poll(1e3 * _UNASKED_SECONDS)

    def _live(self) -> int:
        """Start the process and answer it until it ends; return its exit code."""
        assert self._listener is not None
        self._serves.clear()
        mine, its = Link.pair()
        link = Link(mine)
        inherited = (self._listener.fileno(), its.fileno(), self._signs)
        with its:
            try:
                self._process = started(inherited)
            except OSError as error:
                # This machine has no processes or memory to give; later it may.
                link.close()
                return error.errno or -1
        with self._lock:
            link.send_data({"kind": "settings"}, self._settings.to_json())
            if self._model is not None:
                link.send(self._model[0], memory=self._model[1])
            self._link = link
            if self._stopping.is_set():
                link.end()
        self._desk.serve(link, began=self._serves.set)
        with self._lock:
            self._link = None
            link.close()
        return self._process.wait()

    def _release(self) -> None:
        assert self._listener is not None
        self._listener.close()
        self._woken.close()
        if self._signs >= 0:
            os.close(self._signs)
            self._signs = -1
        if self._model is not None:
            os.close(self._model[1])
            self._model = None


def started(inherited: Sequence[int]) -> subprocess.Popen[bytes]:
    """Start the process with these descriptors: listener, link and vital signs; raise ``OSError``."""
    return subprocess.Popen(  # noqa: S603 - this Python, and numbers
        [sys.executable, "-P", "-m", "daemon.front", *map(str, inherited)],
        pass_fds=inherited,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(_import_path())},
    )


def _import_path() -> list[str]:
    """Return where this process finds modules, a class of one's own included."""
    return [path or os.getcwd() for path in sys.path]  # noqa: PTH109 - as Python means it
