"""What goes wrong in the process that answers HTTP, told to the daemon's log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 8_192
"""Characters of a traceback: its end says most."""


class ToldLog(logging.Handler):
    """Tells errors of the libraries, with their tracebacks, to the daemon; their warnings are about clients."""

    def __init__(self, log: Callable[..., None]) -> None:
        """Tell them to ``log``, by level, event and what belongs to it."""
        super().__init__(logging.ERROR)
        self._log = log
        self._tracebacks = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one."""
        shown = {} if record.exc_info is None else {"exception": self._tracebacks.formatException(record.exc_info)}
        self._log(
            "error",
            "a fault of the process that answers HTTP",
            logger=record.name,
            message=record.getMessage(),
            **{name: text[-_LONGEST:] for name, text in shown.items()},
        )


def tell_log(log: Callable[..., None]) -> None:
    """Let everything that is logged in this process go there, and nowhere else."""
    root = logging.getLogger()
    root.handlers[:] = [ToldLog(log)]
