"""A run over a few small files, as a user starts it, and what came of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
import yaml

from daemon.state.checkpoints import CheckpointStore
from tests.end_to_end.daemon_process import DaemonProcess

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher

COMMON = {
    # So that the checkpoint shows every row as it was taken.
    "strategies": [{"type": "replay", "rows": 2000}],
    "retention": {"probe_share": 0},
    "http": {"port": 0},
    "log": {"format": "json"},
}


def json_lines(events: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(event) + b"\n" for event in events)


class SmallRun:
    """`retaind run` in a directory of its own, to the end of its input."""

    def __init__(
        self, launcher: Launcher, directory: Path, *, decoder: str, files: Mapping[str, bytes], sections: str = ""
    ) -> None:
        self._directory = directory
        self._launcher = launcher
        for name, content in files.items():
            (directory / name).write_bytes(content)
        config: dict[str, Any] = {
            "source": {"type": "file", "path": [str(directory / name) for name in sorted(files)]},
            "decoder": yaml.safe_load(decoder),
            "checkpoint": {"directory": str(directory / "state")},
            "dead_letters": {"type": "file", "path": str(directory / "dead.jsonl")},
            "predictions": {"type": "file", "path": str(directory / "predictions.jsonl")},
            **COMMON,
            **(yaml.safe_load(sections) or {}),
        }
        (directory / "retaind.yaml").write_text(json.dumps(config))
        self.code = -1

    def run(self) -> SmallRun:
        log = self._directory / "log"
        with DaemonProcess(self._launcher, self._directory / "retaind.yaml", log=log) as daemon:
            self.code = daemon.wait()
        return self

    def said(self, event: str) -> list[dict[str, Any]]:
        lines = map(json.loads, (self._directory / "log").read_text().splitlines())
        return [line for line in lines if line["event"].startswith(event)]

    @property
    def state(self) -> dict[str, Any]:
        recovered = CheckpointStore(self._directory / "state", keep=1).load_newest()
        assert recovered is not None
        state: dict[str, Any] = recovered.saved.state["pipeline"]
        return state

    @property
    def names(self) -> list[str]:
        names: list[str] = self.state["intake"]["features"]["names"]
        return names

    @property
    def rows(self) -> list[list[float]]:
        """The rows as they were taken, in their order: what is remembered of each."""
        storage = self.state["main_learner"]["scored"]["learner"]["strategies"]["replay"]["memory"]["storage"]
        rows: list[list[float]] = storage["x"].tolist()
        return rows

    @property
    def classes(self) -> list[str]:
        classes: list[str] = self.state["intake"]["labels"]["names"]
        return classes

    @property
    def tasks(self) -> list[str]:
        tasks: list[str] = self.state["intake"]["tasks"]["names"]["names"]
        return tasks

    @property
    def predictions(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self._directory / "predictions.jsonl").read_text().splitlines()]

    @property
    def dead(self) -> list[dict[str, Any]]:
        file = self._directory / "dead.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def accuracy(self, *, after: int) -> float:
        judged = self.predictions[after:]
        return sum(line["prediction"] == line["label"] for line in judged) / len(judged)
