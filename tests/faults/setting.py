"""The kinds of daemon that a course is drawn from: how they read, and where their results go."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG = """
name: faults
source:
  type: kafka
  bootstrap_servers: "{bootstrap}"
  topics: [{topic}]
  group: {topic}
{client}
{source}
decoder: {{type: json, label: fault, task: regime, missing: mean}}
tasks: {{type: field}}
label: {{max_classes: 4}}
model: {{type: mlp, hidden: [8]}}
learner: {{batch: 8, steps: fixed}}
strategies: [{{type: replay, rows: 100000}}]
companions: {{naive: null, frozen: null}}
retention: {{probe_share: {probe_share}, probe_rows: 20000}}
checkpoint: {{directory: "{directory}/state", every_events: {every_events}, every_seconds: 3, keep: 6}}
predictions: {predictions}
dead_letters: {dead_letters}
http: {{port: 0}}
log: {{format: json}}
"""
PROBE_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Setting:
    """One of the kinds."""

    name: str
    partitions: int
    source: Mapping[str, str] = field(default_factory=dict)
    """More options of the source."""
    members: int = 1
    to_kafka: bool = False
    """Whether predictions and dead letters go to topics; else to files."""
    bits: bool = False
    """Whether the state is to be that of a run without faults, bit for bit."""
    compacted: bool = False
    library: str = "kafka-python"

    def config(self, *, bootstrap: str, topic: str, directory: str, every_events: int) -> str:
        """Return the text of a configuration."""
        into = f'bootstrap_servers: "{bootstrap}", client: {self.library}, topic: {topic}'
        predictions = f"{{type: kafka, {into}-predictions}}" if self.to_kafka else _file(directory, "predictions")
        dead_letters = f"{{type: kafka, {into}-dead}}" if self.to_kafka else _file(directory, "dead")
        return CONFIG.format(
            bootstrap=bootstrap,
            topic=topic,
            client=self._client,
            source="".join(f"  {name}: {value}\n" for name, value in self.source.items()),
            probe_share=PROBE_SHARE,
            directory=directory,
            every_events=every_events,
            predictions=predictions,
            dead_letters=dead_letters,
        )

    @property
    def _client(self) -> str:
        if self.library == "librdkafka":
            return "  client: librdkafka\n  librdkafka: {reconnect.backoff.max.ms: 500, socket.timeout.ms: 9000}"
        of_a_member = ", session_timeout_ms: 3000, heartbeat_interval_ms: 300" if self.members > 1 else ""
        return f"  client: {{reconnect_backoff_max_ms: 500, request_timeout_ms: 9000{of_a_member}}}"


def _file(directory: str, name: str) -> str:
    """Small enough to be rotated again and again; so many are kept that nothing is missed."""
    return f'{{type: file, path: "{directory}/out/{name}.jsonl", max_bytes: 20KiB, keep: 10000}}'


SETTINGS = (
    Setting("one partition", 1, bits=True),
    Setting("three partitions by timestamp", 3, {"order": "timestamp", "idle_seconds": "3600"}, bits=True),
    Setting("four partitions by arrival, compacted", 4, compacted=True),
    Setting("two partitions, results in Kafka", 2, to_kafka=True),
    Setting("two members share four partitions", 4, {"mode": "subscribe"}, members=2),
)


def settings_of(library: str) -> tuple[Setting, ...]:
    """Return those that a library can do."""
    if library == "kafka-python":
        return SETTINGS
    return tuple(replace(each, library=library) for each in SETTINGS if each.members == 1)
