"""What happens around a daemon while it learns: scrapes, connections that say nothing, reloads."""

from __future__ import annotations

import signal
import socket
import threading
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.end_to_end.daemon_process import DaemonProcess

PAGES = ("/metrics", "/status", "/livez", "/readyz", "/", "/nowhere")
SILENT = 24


class Disturbances:
    """Each on a thread of its own, again and again. As a context: they end with it."""

    def __init__(self, daemon: DaemonProcess, address: str, config: Path) -> None:
        host, _, port = address.removeprefix("http://").rpartition(":")
        self._address = host, int(port)
        self._daemon, self._config = daemon, config
        self._stop = threading.Event()
        self._reloads = 0
        steps: tuple[tuple[Callable[[], None], float], ...] = (
            (self._scrape, 1.0),
            (self._connect, 2.0),
            (self._reload, 10.0),
        )
        self._threads = [threading.Thread(target=self._repeat, args=each, daemon=True) for each in steps]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, step: Callable[[], None], every_seconds: float) -> None:
        while not self._stop.wait(every_seconds):
            with suppress(OSError, HTTPException):
                step()

    def _scrape(self) -> None:
        for page in PAGES:
            connection = HTTPConnection(*self._address, timeout=10)
            connection.request("GET", page)
            connection.getresponse().read()
            connection.close()

    def _connect(self) -> None:
        """Open connections that say nothing, half of a request, or rubbish, and leave."""
        said = (b"", b"GET /metrics HTTP/1.1\r\nHost:", b"\x16\x03\x01\xff\xff" * 50)
        opened = [socket.create_connection(self._address, timeout=5) for _ in range(SILENT)]
        for number, each in enumerate(opened):
            with suppress(OSError):
                each.sendall(said[number % len(said)])
        self._stop.wait(1.0)
        for each in opened:
            each.close()

    def _reload(self) -> None:
        """With another number of generations, every other time with one that is refused; and reopen the outputs."""
        self._reloads += 1
        text = self._config.read_text()
        before, after = ("keep: 3", "keep: 4") if "keep: 3" in text else ("keep: 4", "keep: 3")
        self._config.write_text(text.replace(before, after))
        self._daemon.signal(signal.SIGHUP)
        self._daemon.signal(signal.SIGUSR1)
