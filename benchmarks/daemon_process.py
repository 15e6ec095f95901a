"""A daemon as a process of its own, watched from outside."""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager
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
