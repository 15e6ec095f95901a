"""A small plant in a topic, and a daemon that learns it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.kafka.cluster import Cluster

CONFIG = """
name: plant
source: {{type: kafka, bootstrap_servers: "{bootstrap}", topics: [{topic}], group: {topic}-{directory.name}}}
decoder: {{type: json, label: fault, task: regime, missing: mean}}
features: {{label_lags: 1, lags: [{{field: s1}}], rolling: [{{field: s2, window: 5}}]}}
tasks: {{type: field}}
label: {{max_classes: 4}}
model: {{type: mlp, hidden: [64, 64]}}
learner: {{batch: 8, steps: auto}}
committee: {{}}
strategies: [{{type: replay, rows: 300, policy: class_balanced}}, {{type: ewc, fisher: sampled}}]
companions:
  naive: {{every_blocks: 3}}
  frozen: {{every_blocks: 2}}
  challenger: {{strategies: [{{type: replay, rows: 100}}], optimizer: {{type: sgd}}}}
retention: {{probe_share: 0.05, probe_rows: 50, every_events: 500, min_segment_events: 100}}
checkpoint: {{directory: "{directory}/state", every_events: 300}}
predictions: {{type: file, path: "{directory}/predictions.jsonl"}}
http: {{port: 0}}
log: {{format: json}}
"""


def plant(events: int) -> Iterator[bytes]:
    """A few sensors, some of them silent now and then, in regimes that return."""
    chance = np.random.default_rng(5)
    rules = chance.normal(size=(3, 6, 4))
    for number, x in enumerate(chance.normal(size=(events, 6))):
        regime = (number // 700) % 3
        event = {f"s{place}": value for place, value in enumerate(x.tolist())}
        if number % 7 == 3:
            event["s4"] = None
        yield orjson.dumps(event | {"fault": f"f{(x @ rules[regime]).argmax()}", "regime": f"r{regime}"})


def configure(directory: Path, cluster: Cluster, topic: str) -> Path:
    """Make the directory and the configuration in it, and return the file."""
    directory.mkdir()
    file = directory / "retaind.yaml"
    file.write_text(CONFIG.format(bootstrap=cluster.bootstrap, topic=topic, directory=directory))
    return file
