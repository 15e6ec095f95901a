"""A daemon as a process of its own, watched from outside."""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


Figures = dict[str, dict[tuple[str, ...], float]]


@contextmanager
def running(
    command: list[str], *, env: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield a daemon's process and the HTTP address that it logs (``log: {format: json}``); stop it afterwards.

    Raises ``RuntimeError`` with the log where it ends before it serves.
    """
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env) as process:  # noqa: S603 - our own daemon
        assert process.stderr is not None
        log: list[str] = []
        for line in process.stderr:
            log.append(line)
            if '"http"' in line:
                break
        else:
            raise RuntimeError("the daemon did not start:\n" + "".join(log))
        # The log is read to its end, so that the daemon never waits for us.
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        try:
            yield process, json.loads(log[-1])["http"]
        finally:
            process.terminate()
            process.wait(120)
            drain.join(10)


def bytes_read(pid: int, path: Path) -> int:
    """Return how far a process has read a file that it has open; asks nothing of the process itself (proc(5))."""
    for opened in descriptors(pid):
        with suppress(OSError):
            if opened.readlink() == path:
                return int(Path(f"/proc/{pid}/fdinfo/{opened.name}").read_text(encoding="ascii").split()[1])
    raise RuntimeError(f"process {pid} has not opened {path}")


def descriptors(pid: int) -> list[Path]:
    """Return the open descriptors of a process, as links to what they are of."""
    return list(Path(f"/proc/{pid}/fd").iterdir())


def children(pid: int) -> list[int]:
    """Return the processes that the threads of a process have started."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in lists for child in each.read_text(encoding="ascii").split()]


def scrape(address: str) -> Figures:
    """Return every sample of ``/metrics``: by name, then by label values in the order of the labels' names."""
    with urlopen(f"{address}/metrics", timeout=10) as answer:  # noqa: S310 - our own daemon, over HTTP
        families = text_string_to_metric_families(answer.read().decode())
    figures: Figures = {}
    for family in families:
        for sample in family.samples:
            key = tuple(value for _, value in sorted(sample.labels.items()))
            figures.setdefault(sample.name, {})[key] = sample.value
    return figures
