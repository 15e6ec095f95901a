"""Without its schema registry the daemon waits as it does for a broker, and rejects nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

from tests.connectors.decoders.registry.sent import avro, double, prefix, reading
from tests.end_to_end.daemon_process import DaemonProcess
from tests.registry.gate import Gate, holding

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher
    from tests.kafka.cluster import Cluster

SCHEMAS = [reading(double("a")), reading(double("a"), double("b", default=0.0))]
UP = holding({f"/schemas/ids/{key}": {"schema": json.dumps(schema)} for key, schema in enumerate(SCHEMAS)})


def messages(count: int) -> list[bytes]:
    """Events whose schema changes half way."""
    made = []
    for number in range(count):
        new = number >= count / 2
        value = {"fault": "leak" if number % 2 else "ok", "a": float(number % 2), "b": 1.0}
        made.append(prefix(int(new)) + avro(SCHEMAS[new], value))
    return made


def test_it_waits_for_its_registry_and_for_a_schema_in_mid_stream(
    broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path
) -> None:
    sent = messages(400)
    with Gate(lambda _: (503, b"")) as gate:
        config = tmp_path / "retaind.yaml"
        options = {
            "source": {"type": "kafka", "bootstrap_servers": broker.bootstrap, "topics": [topic]},
            "decoder": {"type": "avro", "registry": {"url": gate.url}, "label": "fault"},
            "model": {"type": "mlp", "hidden": [8]},
            "checkpoint": {"directory": str(tmp_path / "state")},
            "rejections": {"tolerate": False},
            "http": {"port": 0},
            "log": {"format": "json"},
        }
        config.write_text(yaml.safe_dump(options), encoding="utf-8")
        broker.produce(topic, sent[:200])
        with DaemonProcess(launcher, config, log=tmp_path / "log") as daemon:
            daemon.until(lambda: daemon.said("events wait to be decoded") is not None)
            code, reason = daemon.get("/readyz")
            assert (code, "HTTP 503" in reason) == (503, True), reason
            assert daemon.get("/livez") == (200, "ok\n")

            gate.answer = UP
            daemon.until_events(200)
            gate.answer = lambda _: (503, b"")
            broker.produce(topic, sent[200:])
            daemon.until(lambda: daemon.get("/readyz")[0] == 503)
            gate.answer = UP
            assert daemon.until_events(400) == 400
            daemon.until(lambda: daemon.get("/readyz")[0] == 200)
            assert daemon.stop() == 0
