"""Real signals to a real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from daemon.process.signals import Signals

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOP = """
import time
from daemon.process.signals import Signals
with Signals() as signals:
    print("started", flush=True)
    while not signals.stop_requested:
        time.sleep(0.01)
        if signals.take_reload():
            print("reloading", flush=True)
    print("stopping", signals.stopped_by, flush=True)
    {afterwards}
"""


@contextmanager
def running(afterwards: str) -> Iterator[subprocess.Popen[str]]:
    """The loop in a process of its own, which does not outlive the test."""
    command = [sys.executable, "-c", LOOP.format(afterwards=afterwards)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as loop:
        try:
            assert said(loop) == "started"
            yield loop
        finally:
            loop.kill()


def said(loop: subprocess.Popen[str]) -> str:
    assert loop.stdout is not None
    return loop.stdout.readline().strip()


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_lets_the_loop_finish(first: signal.Signals) -> None:
    with running("print('saved', flush=True)") as loop:
        loop.send_signal(first)
        assert said(loop) == f"stopping {first.name}"
        assert said(loop) == "saved"
        assert loop.wait(10.0) == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGINT), (signal.SIGINT, signal.SIGTERM)],
)
def test_the_second_signal_ends_the_process_at_once(first: signal.Signals, second: signal.Signals) -> None:
    with running("time.sleep(600)") as loop:
        loop.send_signal(first)
        assert said(loop) == f"stopping {first.name}"
        loop.send_signal(second)
        assert loop.wait(10.0) == 128 + second


def test_sighup_asks_for_a_reload_and_stops_nothing() -> None:
    with running("pass") as loop:
        for _ in range(2):
            loop.send_signal(signal.SIGHUP)
            assert said(loop) == "reloading"
        loop.send_signal(signal.SIGTERM)
        assert said(loop) == "stopping SIGTERM"
        assert loop.wait(10.0) == 0


def test_what_was_installed_before_is_put_back() -> None:
    caught = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(each) for each in caught]
    with Signals():
        assert not set(before) & {signal.getsignal(each) for each in caught}
    assert [signal.getsignal(each) for each in caught] == before


def test_several_reload_signals_make_one_reload() -> None:
    with Signals() as signals:
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGHUP)
        assert [signals.take_reload(), signals.take_reload()] == [True, False]
        assert not signals.stop_requested


def test_sigusr1_asks_for_one_consolidation() -> None:
    with Signals() as signals:
        assert not signals.take_consolidation()
        os.kill(os.getpid(), signal.SIGUSR1)
        assert signals.take_consolidation()
        assert not signals.take_consolidation()
        assert not signals.stop_requested
