"""The daemons that are given such records: one configuration for each format, and for each way that events wait."""

from __future__ import annotations

from typing import Any, NamedTuple

SHARED: dict[str, Any] = {
    "name": "fuzz",
    "tasks": {"type": "field"},
    "model": {"type": "mlp", "hidden": [8]},
    "learner": {"batch": 8, "steps": "fixed"},
    "strategies": [{"type": "replay", "rows": 100}],
    "retention": {"probe_share": 0.1, "probe_rows": 20},
    "rejections": {"max_share": 1.0},
    "http": {"port": 0},
    "log": {"format": "json"},
}


class Setting(NamedTuple):
    """What a daemon is told, and in which format its topic is written."""

    form: str
    sections: dict[str, Any]


NAMED = {"label": "label", "task": "task"}
SETTINGS = {
    "json": Setting("json", {"decoder": {"type": "json", "missing": "mean", **NAMED}}),
    "json, keys, categories and times": Setting(
        "json",
        {
            "decoder": {"type": "json", "key": "key", "time": "new", "features": ["a", "b"], **NAMED},
            "features": {
                "per_key": True,
                "lags": [{"field": "a"}],
                "max_keys": 50,
                "categories": {"c": {"max": 4}},
            },
            "label": {"max_classes": 3},
        },
    ),
    "json, numbers of later": Setting(
        "json",
        {
            "decoder": {
                "type": "json",
                "missing": "mean",
                "features": ["a", "b", "c"],
                "key": "key",
                "task": "task",
            },
            "label": {"type": "number", "from": "stream", "field": "a", "ahead": 3},
        },
    ),
    "csv": Setting(
        "csv",
        {"decoder": {"type": "csv", "columns": ["a", "b", "c", "label", "task", "key"], "key": "key", **NAMED}},
    ),
    "msgpack": Setting("msgpack", {"decoder": {"type": "msgpack", "missing": "mean", **NAMED}}),
    "raw": Setting("raw", {"decoder": {"type": "raw", "dtype": "float32", "shape": [3], **NAMED}}),
    "avro": Setting("avro", {"decoder": {"type": "avro", "missing": "mean", "features": ["a", "b", "c"], **NAMED}}),
    "protobuf": Setting("protobuf", {"decoder": {"type": "protobuf", "missing": "mean", **NAMED}}),
}
BY_SCHEMA = ("avro", "protobuf")


def configuration(
    setting: Setting, *, bootstrap: str, topic: str, directory: str, dead: Any, registry: str
) -> dict[str, Any]:
    """Return the configuration of a daemon that reads a topic; schemas are in the registry at that address."""
    sections = setting.sections
    if setting.form in BY_SCHEMA:
        sections = sections | {"decoder": sections["decoder"] | {"registry": {"url": registry}}}
    return {
        **SHARED,
        **sections,
        "source": {"type": "kafka", "bootstrap_servers": bootstrap, "topics": [topic]},
        "checkpoint": {"directory": directory, "every_events": 20_000},
        "dead_letters": dead,
    }
