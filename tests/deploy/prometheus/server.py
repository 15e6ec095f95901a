"""A real Prometheus that scrapes real daemons, twice a second."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

EVERY = "500ms"
WINDOW = "5s"
"""What every range of the rules is shortened to, so that a test need not wait for minutes."""


def hastened(rules: str) -> str:
    """Return rules that judge by the last seconds, and at once."""
    return re.sub(r"\[\d+[mh]\]", f"[{WINDOW}]", re.sub(r"for: \d+[mh]", "for: 0s", rules))


class Prometheus:
    """A server on a free port of this machine. As a context: it is ended, and its data are the directory's."""

    def __init__(
        self, program: str, directory: Path, *, targets: Mapping[str, str], rules: Mapping[str, str]
    ) -> None:
        self._directory = directory
        directory.mkdir()
        for name, text in rules.items():
            (directory / name).write_text(text, encoding="utf-8")
        config = directory / "prometheus.yaml"
        config.write_text(yaml.safe_dump(_config(targets, sorted(rules))), encoding="utf-8")
        self._address = f"127.0.0.1:{_free_port()}"
        options = [f"--web.listen-address={self._address}", f"--storage.tsdb.path={directory}/data"]
        with (directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [program, f"--config.file={config}", *options, "--log.level=warn"], stderr=log
            )

    def __enter__(self) -> Self:
        self.until(self._ready, "Prometheus is ready")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def query(self, expr: str) -> list[dict[str, Any]]:
        """Return the series of an expression as of now."""
        return list(self._ask("query", query=expr)["result"])

    def series(self, match: str) -> list[dict[str, str]]:
        """Return the labels of the series that match."""
        return list(self._ask("series", **{"match[]": match}))

    def firing(self) -> dict[tuple[str, str], dict[str, str]]:
        """Return the annotations of every alert that fires, by its name and instance."""
        alerts = self._ask("alerts")["alerts"]
        return {
            (alert["labels"]["alertname"], alert["labels"].get("instance", "")): alert["annotations"]
            for alert in alerts
            if alert["state"] == "firing"
        }

    def until(self, condition: Callable[[], object], what: str, *, deadline_seconds: float = 60.0) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + deadline_seconds
        while not condition():
            log = (self._directory / "log").read_text(encoding="utf-8")
            assert self._process.poll() is None, log
            assert time.monotonic() < deadline, f"{what}: not in time\n{log}"
            time.sleep(0.05)

    def _ready(self) -> bool:
        try:
            return self._get("/-/ready")[0] == HTTPStatus.OK
        except OSError:
            return False

    def _ask(self, what: str, **parameters: str) -> Any:
        status, answer = self._get(f"/api/v1/{what}?{urlencode(parameters)}")
        assert status == HTTPStatus.OK, answer
        return json.loads(answer)["data"]

    def _get(self, path: str) -> tuple[int, str]:
        with closing(HTTPConnection(self._address, timeout=30)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()


def _config(targets: Mapping[str, str], rules: list[str]) -> dict[str, Any]:
    static = [{"targets": [address], "labels": {"instance": name}} for name, address in targets.items()]
    return {
        "global": {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY},
        "rule_files": rules,
        "scrape_configs": [{"job_name": "retaind", "static_configs": static}],
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
