"""Real signals to a real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from daemon.process.hold import HELD
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


def test_sigusr1_asks_for_a_reopening_and_sigusr2_for_a_consolidation() -> None:
    with Signals() as signals:
        for number, take in (
            (signal.SIGUSR1, signals.take_reopening),
            (signal.SIGUSR2, signals.take_consolidation),
        ):
            assert not take()
            os.kill(os.getpid(), number)
            assert [take(), take()] == [True, False]
        assert not signals.stop_requested


HOLDING = """
import os, signal
from daemon.process.hold import HELD, hold
hold()
def all_of_them():
    for each in HELD:
        os.kill(os.getpid(), each)
all_of_them()
from daemon.process.signals import Signals
with Signals() as signals:
    print(signals.take_reload(), signals.take_reopening(), signals.take_consolidation(), flush=True)
all_of_them()
print("ended by itself", flush=True)
"""


def test_what_comes_before_the_handlers_waits_for_them_and_what_comes_after_them_ends_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", HOLDING], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "True True True\nended by itself\n")


def test_the_command_line_holds_signals_before_it_imports_what_takes_long() -> None:
    """``retaind run`` survives them from the first line of its own on, and what they asked for is done later."""
    text = "import os, sys; sys.argv = ['retaind', 'run']; import daemon.cli; os.kill(os.getpid(), {0}); print(1)"
    for number in HELD:
        done = subprocess.run([sys.executable, "-c", text.format(int(number))], capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (0, b"1\n")
