"""The newest copy of the model, as the daemon hands it over."""

from __future__ import annotations

import asyncio
import gc
import mmap
import threading
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.front.link import Message
    from daemon.learning.event_predictor import EventPredictor


class ReceivedModel:
    """Holds the newest copy; on the event loop alone, but for ``prepare``.

    A copy is put together when it comes, between two requests: some milliseconds.
    """

    def __init__(self, packages: frozenset[str]) -> None:
        self._packages = packages
        self._prepared = False
        self._waiting: Message | None = None
        self.newest: Mapping[str, EventPredictor] = {}
        """By target. Replaced as a whole; empty before there is anything to ask."""

    def prepare(self) -> None:
        """Import what models are made of, which takes seconds; on a thread of its own."""
        for module in ("daemon.serving.unpacking", "daemon.serving.inference", "daemon.learning.event_predictor"):
            import_module(module)
        import_module("daemon.process.threads").use_threads(1)
        # What is there by now stays: looking for cycles in it would hold up a request.
        gc.freeze()

    def prepared(self) -> None:
        """Take up the copy that came meanwhile."""
        self._prepared = True
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            self.receive(waiting)

    def receive(self, message: Message) -> None:
        """Take a copy in place of the one before."""
        if not self._prepared:
            if self._waiting is not None:
                self._waiting.drop()
            self._waiting = message
            return
        from daemon.serving.unpacking import unpack  # noqa: PLC0415 - it imports torch, which only this needs

        start, size = message.about["head"]
        # Private: what is changed, nobody else sees. It lives as long as the arrays in it.
        memory = mmap.mmap(message.memory, 0, access=mmap.ACCESS_COPY)
        message.drop()
        self.newest = unpack(memory[start : start + size], memory, packages=self._packages)


def prepare_aside(model: ReceivedModel) -> None:
    """Prepare the model while the event loop goes on."""
    loop = asyncio.get_running_loop()

    def prepare() -> None:
        model.prepare()
        loop.call_soon_threadsafe(model.prepared)

    threading.Thread(target=prepare, name="prepare", daemon=True).start()
