"""A schema registry on this machine, in memory, on loopback."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from typing import Any, Self

import httpx
import pytest

from tests.kafka.broker import TIED, free_port
from tests.registry.program import RegistryUnavailableError, command

DEADLINE_SECONDS = 90.0


class Registry:
    """Apicurio, from `with` to its end; `url` is where it speaks Confluent's interface."""

    def __init__(self) -> None:
        self._command = command()
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/apis/ccompat/v7"

    def __enter__(self) -> Self:
        options = [f"-Dquarkus.http.port={self.port}", "-Dquarkus.http.host=127.0.0.1"]
        with tempfile.TemporaryFile() as log:
            started = [*TIED, str(os.getpid()), self._command[0], *options, *self._command[1:]]
            self._process = subprocess.Popen(started, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            deadline = time.monotonic() + DEADLINE_SECONDS
            while not self._answers():
                if self._process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(f"the registry doesn't answer:\n{log.read()[-3000:].decode()}")
                time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def register(self, subject: str, schema: str, **more: Any) -> int:
        """Register a schema under a subject; return its id."""
        body = {"schema": schema, **more}
        answer = httpx.post(f"{self.url}/subjects/{subject}/versions", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["id"])

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/subjects", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False


def wanted_registry() -> Registry:
    """A registry, not yet started. Where it cannot run, the test is skipped; under CI it fails."""
    try:
        return Registry()
    except RegistryUnavailableError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
