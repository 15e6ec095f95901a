"""What stands on stderr."""

from __future__ import annotations

import io
import json
import logging
import warnings
from typing import Any

import pytest
import structlog

from daemon.process.logs import BURST, SLOW_TASKS, WINDOW_SECONDS, Form, Level, logging_to, set_level

ours = structlog.get_logger("daemon.loop.loop")
kafka = logging.getLogger("kafka.conn")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_where_nobody_watches() -> None:
    stream = io.StringIO()
    with logging_to(stream):
        ours.info("checkpoint written", generation=7, offset=99)
    (line,) = lines(stream)
    timestamp = line.pop("timestamp")
    assert timestamp.endswith("Z")
    assert line == {
        "level": "info",
        "logger": "daemon.loop.loop",
        "event": "checkpoint written",
        "generation": 7,
        "offset": 99,
    }


@pytest.mark.parametrize(
    ("stream", "form", "begins", "colours"),
    [
        (Terminal(), "auto", "\x1b[", 1),
        (Terminal(), "json", "{", 0),
        (io.StringIO(), "auto", "{", 0),
        (io.StringIO(), "text", "2", 0),
    ],
)
def test_text_is_for_people_and_colours_for_terminals(
    stream: io.StringIO, form: Form, begins: str, colours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    with logging_to(stream, form=form):
        ours.info("restored", offset=99)
    text = stream.getvalue()
    assert text.startswith(begins)
    assert ("\x1b[" in text) == bool(colours)
    assert "restored" in text
    assert "99" in text


def test_no_color_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with logging_to(terminal := Terminal()):
        ours.info("restored")
    assert "\x1b[" not in terminal.getvalue()


@pytest.mark.parametrize(("level", "shown"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
@pytest.mark.parametrize("name", ["retaind", "daemon.loop.loop", "connectors.kafka", "strategies.ewc"])
def test_our_level_is_the_configured_one(name: str, level: Level, shown: int) -> None:
    log = structlog.get_logger(name)
    with logging_to(stream := io.StringIO(), level=level):
        for say in (log.debug, log.info, log.warning, log.error):
            say("x")
    assert len(lines(stream)) == shown


def test_the_level_can_change_while_running() -> None:
    with logging_to(stream := io.StringIO(), level="info"):
        ours.debug("before")
        set_level("debug")
        ours.debug("after")
    assert [line["event"] for line in lines(stream)] == ["after"]


def test_libraries_speak_through_it_from_warnings_on_also_at_debug() -> None:
    with logging_to(stream := io.StringIO(), level="debug"):
        kafka.info("noise with %s", "secrets")
        kafka.warning("broker %s is down", "b1")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("old call", UserWarning, stacklevel=1)
    first, second = lines(stream)
    assert (first["logger"], first["level"], first["event"]) == ("kafka.conn", "warning", "broker b1 is down")
    assert second["logger"] == "py.warnings"
    assert "old call" in second["event"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_not_logged_and_tracebacks_show_no_locals(form: Form) -> None:
    def fail() -> None:
        password = "hunter2"  # noqa: S105 - the secret that must not appear
        raise ValueError(f"cannot reach http://me:{password}@host")

    with logging_to(stream := io.StringIO(), form=form):
        ours.info("connecting", sasl_plain_password="hunter2", options={"ssl_password": "hunter2"})  # noqa: S106 - again
        try:
            fail()
        except ValueError:
            ours.exception("failed")
    text = stream.getvalue()
    assert "ValueError" in text
    assert "connecting" in text
    assert "hunter2" not in text


def test_repetition_is_counted_instead_of_shown_and_the_number_follows() -> None:
    clock = Clock()
    with logging_to(stream := io.StringIO(), clock=clock):
        for attempt in range(BURST + 5):
            ours.warning("broker unreachable", attempt=attempt)
            kafka.warning("node %s failed", attempt)
        assert len(lines(stream)) == 2 * BURST
        clock.now = WINDOW_SECONDS
        ours.info("something else")
    summaries = [line for line in lines(stream) if "suppressed" in line]
    assert {(line["repeated"], line["suppressed"], line["level"]) for line in summaries} == {
        ("broker unreachable", 5, "warning"),
        ("node %s failed", 5, "warning"),
    }
    assert lines(stream)[-1]["event"] == "something else"


def test_what_was_suppressed_is_told_at_the_end_at_the_latest() -> None:
    with logging_to(stream := io.StringIO(), clock=Clock()):
        for _ in range(BURST + 1):
            ours.warning("stalled")
    assert lines(stream)[-1]["suppressed"] == 1


def test_positional_arguments_do_not_make_a_message_new() -> None:
    with logging_to(stream := io.StringIO(), clock=Clock()):
        for attempt in range(BURST + 5):
            ours.warning("attempt %d failed", attempt)
    assert [line["event"] for line in lines(stream)][:2] == ["attempt 0 failed", "attempt 1 failed"]
    assert len(lines(stream)) == BURST + 1


def test_logging_is_afterwards_as_it_was_before() -> None:
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.getLogger("daemon").level, structlog.get_config())
    with logging_to(io.StringIO(), level="debug"):
        assert root.handlers != before[0]
    assert (root.handlers[:], root.level, logging.getLogger("daemon").level, structlog.get_config()) == before


@pytest.mark.parametrize(("level", "shown"), [("info", 0), ("debug", 1)])
def test_what_the_kafka_client_says_of_slow_turns_is_for_debugging(level: Level, shown: int) -> None:
    stream = io.StringIO()
    with logging_to(stream, level=level, form="json"):
        logging.getLogger(SLOW_TASKS).warning("Task x ran for 0.3s. It is blocking the event loop")
        logging.getLogger(SLOW_TASKS).warning("something else")
    assert [line["level"] for line in lines(stream)] == ["debug"] * shown + ["warning"]


def test_however_long_a_text_is_its_line_is_short_and_nothing_of_it_is_invisible() -> None:
    stream = io.StringIO()
    with logging_to(stream, form="text"):
        structlog.get_logger("retaind").warning("odd \u202e name", name="x" * 100_000, names=["\u200b"] * 9_000)
        structlog.get_logger("retaind").warning("then")
    first, second = stream.getvalue().splitlines()
    assert r"odd \u202e name" in first
    assert "(100000 characters)" in first
    assert len(first) < 20_000
    assert "then" in second
    assert stream.getvalue().replace("\n", "").isprintable()
