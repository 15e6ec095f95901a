"""A daemon that learns fast and little, whose predictions in a file are the ledger of what it has learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from tests.end_to_end.daemon_process import DaemonProcess

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher

CONFIG = """
name: plant
source: {{type: kafka, bootstrap_servers: "{bootstrap}", topics: [{topic}]{more}}}
decoder: {decoder}
tasks: {{type: field}}
label: {label}
model: {{type: mlp, hidden: [8]}}
learner: {{batch: 8, steps: fixed}}
strategies: []
retention: {{probe_share: 0}}
checkpoint: {{directory: "{directory}/state", every_events: {every}, keep: 20}}
predictions: {{type: file, path: "{directory}/predictions.jsonl"}}
{sections}
http: {{port: 0}}
log: {{format: json}}
"""


class SmallPlant:
    """A configuration in a directory of its own, and the daemons that run with it, one after another."""

    def __init__(
        self,
        launcher: Launcher,
        directory: Path,
        *,
        bootstrap: str,
        topic: str,
        every: int = 100,
        sections: str = "",
        label: str = "{max_classes: 4}",
        decoder: str = "{type: json, label: fault, task: regime, missing: mean}",
        **source: str,
    ) -> None:
        self.directory = directory
        self.state = directory / "state"
        self._launcher = launcher
        self._lives = 0
        self.file = directory / "retaind.yaml"
        self._about = {
            "bootstrap": bootstrap,
            "topic": topic,
            "every": every,
            "sections": sections,
            "label": label,
            "decoder": decoder,
        }
        directory.mkdir()
        self.configure(**source)

    def configure(self, **source: str) -> None:
        """Write the configuration with these options of the source."""
        more = "".join(f", {name}: {value}" for name, value in source.items())
        self.file.write_text(CONFIG.format(directory=self.directory, more=more, **self._about))

    def live(self) -> DaemonProcess:
        """Start a daemon."""
        self._lives += 1
        return DaemonProcess(self._launcher, self.file, log=self.directory / f"log-{self._lives}")

    def live_to(self, events: int) -> None:
        """Learn so many events, and stop in an orderly way."""
        with self.live() as daemon:
            daemon.until_events(events)
            assert daemon.stop() == 0, daemon.log

    def refusal(self) -> str:
        """Return why it does not go on with the stream (exit code 65)."""
        with self.live() as daemon:
            assert daemon.wait() == 65, daemon.log
            entry = daemon.said("stopped")
        assert entry is not None
        return str(entry["reason"])

    def learned(self) -> list[tuple[int, int]]:
        """Return partition and offset of every event that was learned, in the order in which it was."""
        file = self.directory / "predictions.jsonl"
        written = file.read_bytes() if file.exists() else b""
        lines = map(orjson.loads, written[: written.rfind(b"\n") + 1].splitlines())
        return [(line["partition"], line["offset"]) for line in lines]
