"""What many clients over HTTP cost a daemon that learns at full speed, under ``ulimit -n 1024``.

``python -m benchmarks.http_load`` lets a daemon learn from a file as fast as it can. In every other stretch of some
seconds 64 clients ask for ``/metrics`` in a loop, or for ``/livez``, or 10,000 connections are opened at once and
held. It prints the rate of learning in stretches with clients as a share of that in those without, how long
``/livez`` took at worst meanwhile, asked ten times a second, the most descriptors that either process had, and the
checkpoints that were written.
"""

from __future__ import annotations

import argparse
import http.client
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from benchmarks.daemon_process import bytes_read, children, descriptors, running
from benchmarks.serving import CONFIG
from benchmarks.throughput import events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KINDS = ("/metrics", "/livez", "idle")
DESCRIPTORS = 1024
_EVENTS = 1_500_000
_WARM_BYTES = 3_000_000
"""While the stream is young, everything makes more steps."""
_PROBES_APART_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What clients of one kind cost."""

    kind: str
    came: int
    """Answers, or connections."""
    share: float
    """Of the rate of learning: the median over pairs of neighbouring stretches."""
    livez_worst_ms: float
    descriptors: int
    checkpoints: int


class Watch:
    """Asks for ``/livez`` again and again, and counts descriptors."""

    def __init__(self, address: str, pids: list[int]) -> None:
        self.worst_seconds = 0.0
        self.descriptors = 0
        self._place = address.removeprefix("http://")
        self._pids = pids

    def look(self) -> None:
        """Ask once."""
        begun = time.perf_counter()
        connection = http.client.HTTPConnection(self._place, timeout=30)
        try:
            connection.request("GET", "/livez")
            if connection.getresponse().status != 200:  # noqa: PLR2004 - HTTP's OK
                raise RuntimeError("the daemon is not alive")
        finally:
            connection.close()
        self.worst_seconds = max(self.worst_seconds, time.perf_counter() - begun)
        self.descriptors = max(self.descriptors, *(len(descriptors(pid)) for pid in self._pids))

    def until(self, ended: threading.Event) -> None:
        """Go on until that."""
        while not ended.wait(_PROBES_APART_SECONDS):
            self.look()


def http_load(kind: str, *, stretch_seconds: float, pairs: int) -> Outcome:
    """Measure; ``pairs`` is how many stretches there are with clients and without."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name).resolve()
        stream, config = directory / "events.jsonl", directory / "http_load.yaml"
        with stream.open("wb") as file:
            file.writelines(event + b"\n" for event in islice(events(_EVENTS), _EVENTS))
        config.write_text(CONFIG.format(directory=directory, batch=32).replace("serving: {}\n", ""))
        command = [sys.executable, "-m", "daemon.cli", "run", "-c", str(config)]
        with few_descriptors(), running(command) as (daemon, address):
            while bytes_read(daemon.pid, stream) < _WARM_BYTES:
                time.sleep(0.5)
            watch = Watch(address, [daemon.pid, *children(daemon.pid)])

            def rate(clients: Callable[[], int]) -> tuple[float, int]:
                read, begun = bytes_read(daemon.pid, stream), time.perf_counter()
                came = clients()
                return (bytes_read(daemon.pid, stream) - read) / (time.perf_counter() - begun), came

            written = generations(directory)
            shares, came = [], 0
            for _ in range(pairs):
                quiet, _ = rate(lambda: _wait(stretch_seconds))
                loaded, answers = rate(lambda: _clients(kind, address, stretch_seconds, watch))
                shares.append(loaded / quiet)
                came += answers
            return Outcome(
                kind=kind,
                came=came,
                share=statistics.median(shares),
                livez_worst_ms=1e3 * watch.worst_seconds,
                descriptors=watch.descriptors,
                checkpoints=generations(directory) - written,
            )


@contextmanager
def few_descriptors() -> Iterator[None]:
    """Let what is started in the context have few descriptors."""
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


def generations(directory: Path) -> int:
    """Return the number of the newest checkpoint."""
    return max((int(each.name) for each in (directory / "state" / "checkpoints").glob("[0-9]*")), default=0)


def _wait(seconds: float) -> int:
    time.sleep(seconds)
    return 0


def _clients(kind: str, address: str, seconds: float, watch: Watch) -> int:
    """Let clients ask for so long, while ``watch`` looks; return how many answers or connections came."""
    ended = threading.Event()
    watching = threading.Thread(target=watch.until, args=(ended,))
    watching.start()
    command = [sys.executable, "-m", "benchmarks.http_clients", kind, address, str(seconds)]
    try:
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603 - ours
    finally:
        ended.set()
        watching.join()


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of a stretch")
    parser.add_argument("--pairs", type=int, default=4, help="stretches of either kind")
    parser.add_argument("--kind", choices=KINDS, nargs="*", default=KINDS, help="which clients")
    options = parser.parse_args()
    for kind in options.kind:
        outcome = http_load(kind, stretch_seconds=options.seconds, pairs=options.pairs)
        typer.echo(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
