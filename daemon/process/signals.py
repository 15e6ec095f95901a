"""What the operator asked for by a signal: to stop, to stop at once, to reload, to reopen, to consolidate."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Self

from daemon.process.hold import HELD

if TYPE_CHECKING:
    from types import FrameType, TracebackType

STOP = (signal.SIGTERM, signal.SIGINT)
RELOAD = signal.SIGHUP
REOPEN = signal.SIGUSR1
CONSOLIDATE = signal.SIGUSR2


class Signals:
    """Flags that the loop reads between two turns. As a context, catches the signals and puts back what was there.

    The first SIGTERM or SIGINT sets ``stop_requested``, a second one of either exits at once with 128 plus its
    number, saving nothing. SIGHUP sets the flag that ``take_reload`` reads, SIGUSR1 that of ``take_reopening``,
    SIGUSR2 that of ``take_consolidation``. What was held until now (see ``hold``) arrives, and is ignored in the
    end. To be entered on the main thread.
    """

    def __init__(self) -> None:
        self._stopping: signal.Signals | None = None
        self._reload = False
        self._reopening = False
        self._consolidation = False
        self._mask: set[int] = set()
        self._before: dict[signal.Signals, signal._HANDLER] = {}

    @property
    def stop_requested(self) -> bool:
        """Whether to stop after this turn."""
        return self._stopping is not None

    @property
    def stopped_by(self) -> str | None:
        """The name of the signal that asked to stop, for the log."""
        return None if self._stopping is None else self._stopping.name

    def take_reload(self) -> bool:
        """Whether a reload was asked for since the last call; several signals make one reload."""
        asked, self._reload = self._reload, False
        return asked

    def take_reopening(self) -> bool:
        """Whether files were to be opened anew since the last call."""
        asked, self._reopening = self._reopening, False
        return asked

    def take_consolidation(self) -> bool:
        """Whether a consolidation was asked for since the last call."""
        asked, self._consolidation = self._consolidation, False
        return asked

    def __enter__(self) -> Self:
        for each in STOP:
            self._before[each] = signal.signal(each, self._on_stop)
        self._before[RELOAD] = signal.signal(RELOAD, self._on_reload)
        self._before[REOPEN] = signal.signal(REOPEN, self._on_reopen)
        self._before[CONSOLIDATE] = signal.signal(CONSOLIDATE, self._on_consolidate)
        self._mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each, handler in self._before.items():
            # What was held has nothing to ask for any more, and is not to end a process that ends by itself.
            signal.signal(each, signal.SIG_IGN if each in self._mask else handler)
        self._before.clear()

    def _on_stop(self, number: int, _: FrameType | None) -> None:
        if self._stopping is not None:
            os._exit(128 + number)
        self._stopping = signal.Signals(number)

    def _on_reload(self, _: int, __: FrameType | None) -> None:
        self._reload = True

    def _on_reopen(self, _: int, __: FrameType | None) -> None:
        self._reopening = True

    def _on_consolidate(self, _: int, __: FrameType | None) -> None:
        self._consolidation = True
