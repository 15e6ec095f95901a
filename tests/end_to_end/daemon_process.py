"""`retaind run` as a process of its own, watched over HTTP and in its log, and killed."""

from __future__ import annotations

import json
import os
import signal
import time
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, Self

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.end_to_end.launcher import Starter

DEADLINE_SECONDS = 60.0
PAUSE_SECONDS = 0.02


class DaemonProcess:
    """A running daemon; as a context, it is killed at the latest at the end.

    The configuration should say ``http: {port: 0}`` and ``log: {format: json}``.
    """

    def __init__(
        self,
        starter: Starter,
        config: Path,
        *,
        log: Path,
        environ: Mapping[str, str] | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._starter = starter
        self._deadline_seconds = deadline_seconds
        self._log = log
        self._connection: HTTPConnection | None = None
        self.pid = starter.start(config, log=log, environ=environ or {})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def code(self) -> int | None:
        """Return the exit code if it has ended by itself, None while it runs."""
        return self._starter.code(self.pid, wait=False)

    def kill(self) -> None:
        """Send SIGKILL and wait."""
        self.signal(signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        """Send SIGTERM, wait, and return the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self._starter.code(self.pid, wait=False) is None:
            os.kill(self.pid, number)

    def wait(self) -> int:
        """Wait for the end and return the exit code, minus the signal's number where one ended it."""
        code = self._starter.code(self.pid, wait=True)
        assert code is not None
        return code

    def said(self, event: str) -> dict[str, Any] | None:
        """Return the first line of the log with this event, None where there is none yet."""
        for line in self._log.read_text().splitlines():
            if line.startswith("{") and line.endswith("}"):
                entry: dict[str, Any] = json.loads(line)
                if entry["event"] == event:
                    return entry
        return None

    @property
    def log(self) -> str:
        return self._log.read_text()

    def until_said(self, event: str) -> dict[str, Any]:
        """Wait for a line of the log with this event and return it."""
        self.until(lambda: self.said(event) is not None)
        entry = self.said(event)
        assert entry is not None
        return entry

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so; fail with the log after a deadline, or where the process has ended."""
        deadline = time.monotonic() + self._deadline_seconds
        while not condition():
            code = self._starter.code(self.pid, wait=False)
            if code is not None and not condition():
                raise AssertionError(f"the daemon ended with {code}:\n{self.log}")
            assert time.monotonic() < deadline, self.log
            time.sleep(PAUSE_SECONDS)

    def get(self, path: str) -> tuple[int, str]:
        """Return status and text of one of the daemon's pages."""
        if self._connection is None:
            address = self.until_said("started")["http"].removeprefix("http://")
            self._connection = HTTPConnection(address, timeout=10)
        try:
            self._connection.request("GET", path)
            answer = self._connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, HTTPException) as error:
            raise AssertionError(f"{path}: {error!r}\n{self.log}") from error
        finally:
            self._connection.close()

    def metric(self, name: str, **labels: str) -> float:
        """Return a sample of ``/metrics`` by its name without prefix, summed over what labels leave open.

        As in Prometheus, an empty label is one that is not there: ``learner=""`` is the main learner alone.
        """
        samples = (
            sample
            for family in text_string_to_metric_families(self.get("/metrics")[1])
            for sample in family.samples
            if sample.name == f"retaind_{name}"
            and all(sample.labels.get(label, "") == value for label, value in labels.items())
        )
        return sum(sample.value for sample in samples)

    def status(self) -> dict[str, Any]:
        """Return ``/status``."""
        status: dict[str, Any] = json.loads(self.get("/status")[1])
        return status

    def until_events(self, count: int) -> int:
        """Wait until so many events are predicted, and return how many there were when that was seen."""
        seen = 0

        def reached() -> bool:
            nonlocal seen
            seen = self.events()
            return seen >= count

        self.until(reached)
        return seen

    def events(self) -> int:
        """Return how many events were predicted, in this life and those that it goes on from."""
        self.until_said("started")
        restored = self.said("restored")
        return (0 if restored is None else restored["events"]) + int(self.metric("events_predicted_total"))
