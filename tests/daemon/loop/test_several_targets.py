"""Several targets at once, through the whole loop: deaths, what is published, metrics, status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connectors.memory_source import CRASH, END, MemorySource, SimulatedCrash
from tests.daemon.learning.later.late_stream import sensors
from tests.daemon.lives import Life, small_config
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from connectors.memory_source import Sentinel
    from connectors.record import LocalRecord

TARGETS: list[dict[str, Any]] = [{"field": "a", "ahead": 4, "coverage": 0.8}, {"field": "b", "ahead": "40s"}]
DECODER = {"type": "json", "task": "task", "missing": "mean", "first_events": 6}


def lived(items: Sequence[LocalRecord | Sentinel], directory: Path, **sections: Any) -> Life:
    """Live until the end of the items, again and again from the newest checkpoint; return the last life."""
    source = MemorySource([*items, END], poll_sizes=[13, 4])
    own: dict[str, Any] = {"decoder": DECODER, "label": "none", "targets": TARGETS, "committee": {}}
    config = small_config(directory, **own | sections)
    while True:
        life = Life(config, source, directory=directory)
        try:
            life.start()
            life.run()
        except SimulatedCrash:
            continue
        finally:
            life.end()
        return life


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_that_dies_ends_with_the_same_bits_and_has_published_each_event_once(tmp_path: Path) -> None:
    records = sensors(140, seed=6, missing=0.1)
    broken: list[LocalRecord | Sentinel] = list(records)
    for place in (110, 65, 5):
        broken.insert(place, CRASH)
    one, other = lived(records, tmp_path / "whole"), lived(broken, tmp_path / "broken")
    assert_same_state(one.saved()["pipeline"], other.saved()["pipeline"])
    whole, again = (lines(tmp_path / name / "predictions.jsonl") for name in ("whole", "broken"))
    assert whole == again
    assert [line["offset"] for line in whole] == list(range(140))
    for line in whole:
        assert line.keys() == {"topic", "partition", "offset", "targets"}
        assert list(line["targets"]) == ["a+4", "b+40s"]
    low, high = whole[-1]["targets"]["a+4"]["interval"]
    assert low < whole[-1]["targets"]["a+4"]["prediction"] < high
    assert "interval" not in whole[-1]["targets"]["b+40s"]
