"""Logs on stderr: text for a person at a terminal, else JSON lines; ours and the libraries' in one form."""

from __future__ import annotations

import logging
import os
import time
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TextIO

import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import JSONRenderer, TimeStamper, format_exc_info
from structlog.stdlib import BoundLogger, LoggerFactory, PositionalArgumentsFormatter, ProcessorFormatter

from connectors.printable import printable, shortened
from daemon.process.json_text import json_text
from daemon.process.redaction import redacted
from daemon.process.repeat_limit import Message, RepeatLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from structlog.typing import EventDict, Processor

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["auto", "text", "json"]

OURS = ("retaind", "daemon", "connectors", "strategies")
"""Loggers that follow the configured level. All others, the libraries', speak from warnings on."""

SLOW_TASKS = "kafka.net.selector"
LONGEST = 8_000
"""Characters of one text in the log, a traceback among them: whatever it quotes."""
MOST = 500
"""Values of one list in the log."""
BURST = 10
WINDOW_SECONDS = 60.0


@contextmanager
def logging_to(
    stream: TextIO, *, level: Level = "info", form: Form = "auto", clock: Callable[[], float] = time.monotonic
) -> Iterator[None]:
    """Send every log of the process to ``stream`` while the context lasts, then put back what was there.

    Equal messages beyond ``BURST`` within ``WINDOW_SECONDS`` are counted instead of shown; the number follows when
    the time is over. Secrets are redacted. A traceback never shows the values of local variables.
    """
    root, level_before = logging.getLogger(), logging.getLogger().level
    handlers_before, ours_before = root.handlers[:], [logging.getLogger(name).level for name in OURS]
    structlog_before = structlog.get_config()
    handler = _LimitedHandler(stream, RepeatLimit(burst=BURST, window_seconds=WINDOW_SECONDS, clock=clock))
    handler.setFormatter(_formatter(stream, form=form))
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    set_level(level)
    _route_structlog()
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        structlog.configure(**structlog_before)
        handler.close()
        root.handlers[:] = handlers_before
        root.setLevel(level_before)
        for name, before in zip(OURS, ours_before, strict=True):
            logging.getLogger(name).setLevel(before)


def set_level(level: Level) -> None:
    """Change what our own loggers show, now."""
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())


def _route_structlog() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=BoundLogger,
        logger_factory=LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _formatter(stream: TextIO, *, form: Form) -> ProcessorFormatter:
    terminal = stream.isatty()
    shared: list[Processor] = [
        TimeStamper(fmt="iso", utc=True),
        _describe,
        PositionalArgumentsFormatter(),
        ProcessorFormatter.remove_processors_meta,
        format_exc_info,
        _redact,
        _shorten,
    ]
    if form == "text" or (form == "auto" and terminal):
        colours = terminal and "NO_COLOR" not in os.environ
        renderer = ConsoleRenderer(colors=colours, exception_formatter=plain_traceback)
        return ProcessorFormatter(processors=[*shared, _let_be_seen, renderer])
    return ProcessorFormatter(processors=[*shared, JSONRenderer(serializer=_serialise)])


def _describe(_: Any, __: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event["_record"]
    first = {"timestamp": event["timestamp"], "level": record.levelname.lower(), "logger": record.name}
    shown: EventDict = {**first, "event": "", **event, **first}
    return shown


def _redact(_: Any, __: str, event: EventDict) -> EventDict:
    shown: dict[str, Any] = redacted(event)
    return shown


def _shorten(_: Any, __: str, event: EventDict) -> EventDict:
    shown: dict[str, Any] = _of_texts(event, lambda text: shortened(text, LONGEST))
    return shown


def _let_be_seen(_: Any, __: str, event: EventDict) -> EventDict:
    shown: dict[str, Any] = _of_texts(event, lambda text: printable(text, keep="\n\t"))
    return shown


def _of_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value with each text in it changed, and of a long list no more than is read."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {_of_texts(name, change): _of_texts(each, change) for name, each in islice(value.items(), MOST)}
    if isinstance(value, list | tuple):
        return [_of_texts(each, change) for each in value[:MOST]]
    return value


def _serialise(event: EventDict, **_: Any) -> str:
    return json_text(event)


class _LimitedHandler(logging.StreamHandler[TextIO]):
    """A stream handler with a limit on repetition; logging calls it under its lock."""

    def __init__(self, stream: TextIO, limit: RepeatLimit) -> None:
        super().__init__(stream)
        self._limit = limit

    def emit(self, record: logging.LogRecord) -> None:
        if _is_noise(record):
            if logging.getLogger(OURS[0]).getEffectiveLevel() > logging.DEBUG:
                return
            record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        for message, count in self._limit.expired():
            super().emit(_summary(message, count))
        if self._limit.admits(_message(record)):
            super().emit(record)

    def close(self) -> None:
        for message, count in self._limit.all():
            super().emit(_summary(message, count))
        super().close()


def _is_noise(record: logging.LogRecord) -> bool:
    """Whether it is what the Kafka client says of a turn of its loop that took long, as after every large answer.

    It is about the client's own code, at each pause of a busy machine; whoever looks for it asks for debug.
    """
    return record.name == SLOW_TASKS and "blocking the event loop" in str(record.msg)


def _message(record: logging.LogRecord) -> Message:
    event = record.msg.get("event", "") if isinstance(record.msg, dict) else record.msg
    return Message(record.name, record.levelno, str(event))


def _summary(message: Message, count: int) -> logging.LogRecord:
    event = {"event": "repeated messages were suppressed", "repeated": message.event, "suppressed": count}
    summary = logging.LogRecord(message.logger, message.level, "", 0, event, None, None)
    summary.__dict__.update(_logger=None, _name="")
    return summary
