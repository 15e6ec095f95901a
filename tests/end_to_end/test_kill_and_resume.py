"""The central promise, against a real broker: killed at any instant, it ends with the bits of an untroubled run."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import orjson

from tests.end_to_end.kill_and_resume import differences, live_and_die, live_to_the_end, newest_state
from tests.end_to_end.launcher import Command
from tests.kafka.bulk import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher
    from tests.kafka.cluster import Cluster

EVENTS = 6_000
KILLS = 6
CONFIG = """
name: plant
source: {{type: kafka, bootstrap_servers: "{bootstrap}", topics: [{topic}], group: {topic}-{directory.name}}}
decoder: {{type: json, label: fault, task: regime, missing: mean}}
features: {{label_lags: 1, lags: [{{field: s1}}], rolling: [{{field: s2, window: 5}}]}}
tasks: {{type: field}}
label: {{max_classes: 4}}
model: {{type: mlp, hidden: [64, 64]}}
learner: {{batch: 8}}
strategies: [{{type: replay, rows: 300, policy: class_balanced}}, {{type: ewc, fisher: sampled}}]
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


def test_a_daemon_killed_at_random_moments_ends_with_the_same_bits_as_one_that_never_was(
    broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path
) -> None:
    load(broker.bootstrap, topic, plant(EVENTS))
    chance = random.Random()
    moments = sorted(chance.sample(range(1, EVENTS - 500), KILLS))
    directories = tmp_path / "untroubled", tmp_path / "killed"
    for directory in directories:
        directory.mkdir()
        text = CONFIG.format(bootstrap=broker.bootstrap, topic=topic, directory=directory)
        (directory / "retaind.yaml").write_text(text)
    untroubled, killed = directories
    live_to_the_end(Command(), untroubled / "retaind.yaml", directory=untroubled, events=EVENTS)
    deaths = live_and_die(launcher, killed / "retaind.yaml", directory=killed, events=EVENTS, moments=moments)
    assert len(deaths) == KILLS, deaths
    assert all(death.saved_events <= EVENTS for death in deaths)
    one, other = newest_state(untroubled), newest_state(killed)
    assert differences(one, other) == [], deaths
    assert one["pipeline"]["student"]["events"] == EVENTS
    assert one["source"]["partitions"][0]["offset"] == EVENTS
    predictions = [(directory / "predictions.jsonl").read_bytes() for directory in directories]
    assert predictions[0] == predictions[1]
    assert predictions[0].count(b"\n") == EVENTS
