"""Runs in processes of their own, one core each."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.literature.run import StoppedError, carry_out
from daemon.process.threads import use_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.literature.outcome import Outcome
    from benchmarks.literature.run import Run

    Watch = Callable[[Run, int, int], None]
    """Is told of a run how many of its records are learned, and how many there are."""

_LOOK_SECONDS = 0.2
_TELL_SECONDS = 0.25


def carry_out_all(
    runs: Sequence[Run], *, data: Path, jobs: int, watch: Watch, stop: Callable[[], bool]
) -> Iterator[tuple[Run, Outcome]]:
    """Yield each run's outcome as soon as it is there, ``jobs`` of them under way at once.

    Returns early where ``stop`` says so: what is under way is given up. An outcome does not depend on ``jobs``.
    Raises what ``carry_out`` raises, as soon as one run does.
    """
    context = multiprocessing.get_context("spawn")
    reports, stopping = context.SimpleQueue(), context.Event()
    with ProcessPoolExecutor(
        min(jobs, len(runs)), mp_context=context, initializer=_prepare, initargs=(reports, stopping)
    ) as pool:
        try:
            with _interrupts_ignored():
                pending = {pool.submit(_carry_out, run, data): run for run in runs}
            while pending and not stop():
                done, _ = wait(pending, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
                while not reports.empty():
                    watch(*reports.get())
                yield from _finished(pending, done)
        finally:
            stopping.set()
            pool.shutdown(cancel_futures=True)


def _finished(pending: dict[Future[Outcome], Run], done: set[Future[Outcome]]) -> Iterator[tuple[Run, Outcome]]:
    for future in done:
        yield pending.pop(future), future.result()


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Let processes that are started here never see Ctrl-C, which is the parent's to deal with."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


_reports: Any = None
_stopping: Any = None


def _prepare(reports: Any, stopping: Any) -> None:
    """Begin a worker: one thread of torch, and an end together with the parent's."""
    # A pool's queues reach its workers when they begin, and in no other way.
    global _reports, _stopping
    _reports, _stopping = reports, stopping
    use_threads(1)
    # As the daemon does: records are freed by their reference count.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _carry_out(run: Run, data: Path) -> Outcome:
    told = 0.0

    def watch(done: int, every: int) -> None:
        nonlocal told
        if _stopping.is_set():
            raise StoppedError
        if (now := time.monotonic()) - told >= _TELL_SECONDS:
            _reports.put((run, done, every))
            told = now

    return carry_out(run, data=data, watch=watch)
