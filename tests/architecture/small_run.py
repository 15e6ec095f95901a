"""A small run of the real daemon, through what has stayed the same from one checkout to the next.

The only place that knows how a checkout's daemon is loaded, started and asked.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from http.client import HTTPConnection
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from structlog.testing import capture_logs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOADERS = ("daemon.build.load", "daemon.config.load")
"""Where a configuration was loaded, newest first."""

CONFIGURATION = """
source: {{type: file, path: {paths}, topic: stream}}
decoder: {{type: json, label: label, task: task}}
label: {{max_classes: 2}}
tasks: {{type: field}}
model: {{type: mlp, hidden: [8]}}
learner: {{batch: {batch}}}
strategies: [{{type: replay, rows: 20}}, {{type: ewc, fisher_rows: 8}}]
retention: {{min_segment_events: 10}}
checkpoint: {{directory: {directory}/state, every_seconds: 1000000}}
predictions: {{type: file, path: {directory}/predictions.jsonl}}
dead_letters: {{type: file, path: {directory}/dead_letters.jsonl}}
http: {{port: 0}}
"""


class SmallRun:
    """A directory with events of two tasks, a configuration and a state."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: list[Path] = []

    def bring(self, rows: int, *, task: str) -> None:
        """Let so many events of a task be what the next daemon finds."""
        path = self._directory / f"events_{len(self._files)}.jsonl"
        path.write_text("".join(json.dumps(_event(row, task)) + "\n" for row in range(rows)), encoding="utf-8")
        self._files.append(path)

    def load(self, *, batch: int = 1) -> Any:
        """Write the configuration and return it as the checkout's daemon loads it."""
        path = self._directory / "retaind.yaml"
        paths = json.dumps([str(file) for file in self._files])
        path.write_text(CONFIGURATION.format(paths=paths, batch=batch, directory=self._directory), encoding="utf-8")
        return _loader().load(path)


@contextmanager
def serving(config: Any) -> Iterator[Any]:
    """Start the daemon in this process and stop it in the end; what it logs is not shown."""
    with capture_logs(), import_module("daemon.service").Service(config) as service:
        yield service


def scrape(service: Any) -> str:
    """Return what ``/metrics`` answers."""
    connection = HTTPConnection(urlsplit(service.http.address).netloc, timeout=10)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def figure(exposition: str, metric: str) -> float:
    """Return the value of a metric without labels; raise ``LookupError`` where it is not shown."""
    found = re.search(rf"^{metric} (\S+)$", exposition, re.MULTILINE)
    if found is None:
        raise LookupError(f"/metrics does not show {metric}")
    return float(found[1])


def _loader() -> Any:
    for name in LOADERS:
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise
    raise LookupError(f"no module loads a configuration: looked for {', '.join(LOADERS)}")


def _event(row: int, task: str) -> dict[str, Any]:
    a, b = (row * 7 % 11 - 5) / 4, (row * 5 % 13 - 6) / 4
    return {"a": a, "b": b, "label": "high" if (a > b) == (task == "A") else "low", "task": task}
