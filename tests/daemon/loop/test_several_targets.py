"""Several targets at once, through the whole loop: deaths, what is published, metrics, status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connectors.memory_source import CRASH, END, MemorySource
from daemon.telemetry.history.recorder import Recorder
from daemon.telemetry.history.saved import read_history
from daemon.telemetry.snapshot import Snapshot
from tests.daemon.learning.later.late_stream import sensors
from tests.daemon.lives import Clock, Life, lived_through, small_config
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
    return lived_through(config, source, directory=directory)


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


def test_metrics_status_and_history_tell_of_each_target(tmp_path: Path) -> None:
    life = lived(sensors(120, seed=2, keys=[b"a"]), tmp_path, companions={"naive": {"every_blocks": 1}})
    near, far = {"target": "a+4"}, {"target": "b+40s"}
    assert life.metric("waiting_rows", **near) == 4
    assert life.metric("labels_total", outcome="learned", **near) == 116
    assert life.metric("events_predicted_total", **near) == life.metric("events_predicted_total", **far) == 120
    assert life.metric("interval_coverage_ratio", task="P", **near) is not None
    assert life.metric("interval_coverage_ratio", task="P", **far) is None
    for name in ("prequential_score", "average_score", "learner_steps_total"):
        assert {life.metric(name, **of) is None for of in (near, far, near | {"learner": "naive"})} == {False}
    assert life.metric("prequential_score") is None
    assert life.metric("events_received_total") == 120

    shown = json.loads(life.health.status())
    assert shown["events"] == 120
    assert "prequential" not in shown
    assert list(shown["targets"]) == ["a+4", "b+40s"]
    for target in shown["targets"].values():
        assert target["prequential"]["rows"] > 50
        assert target["companions"].keys() == {"no_change", "naive", "frozen"}
        assert target["retention"]["tasks"].keys() == {"P", "Q"}
    assert shown["targets"]["a+4"]["intervals"].keys() == {"P", "Q"}

    history = read_history(life.store, life.store.generations()[-1])
    assert history is not None
    assert {name: of.curves.keys() for name, of in history.targets.items()} == {
        "a+4": {"main", "naive", "frozen"}, "b+40s": {"main", "naive", "frozen"},
    }  # fmt: skip
    assert {note.text.partition(":")[0] for note in history.noted() if note.kind == "boundary"} == {"a+4", "b+40s"}


def test_the_page_has_the_curves_of_each_target_and_those_of_earlier_processes(tmp_path: Path) -> None:
    life = lived(sensors(120, seed=2), tmp_path)
    history = read_history(life.store, life.store.generations()[-1])
    recorder = Recorder()
    recorder.resume(history, generation=1, events=120, at=0.0)
    recorder.add(Snapshot(at=1.0, pipeline=life.loop.pipeline.snapshot(), source=life.source.status()))
    shown = json.loads(recorder.json())
    assert shown["learners"] == {}
    assert list(shown["targets"]) == ["a+4", "b+40s"]
    for of in shown["targets"].values():
        assert of["tasks"] == ["P", "Q"]
        assert len(of["learners"]["main"]["curve"]["events"]) > 2


def test_a_partial_block_of_any_target_is_learned_once_it_has_lingered(tmp_path: Path) -> None:
    sections: dict[str, Any] = {"decoder": DECODER | {"first_events": 1}, "label": "none", "targets": TARGETS}
    config = small_config(tmp_path, **sections, committee=None, learner={"batch": 8, "linger_seconds": 5})
    clock = Clock()
    life = Life(config, MemorySource([*sensors(7, seed=1, keys=[b"a"])]), directory=tmp_path, clock=clock)
    life.start()
    life.loop.turn()
    waiting = {name: each.waiting for name, each in life.loop.pipeline.by_target.items()}
    assert waiting["a+4"] == 3
    for seconds, left in ((4, waiting), (2, dict.fromkeys(waiting, 0))):
        clock.now += seconds
        life.loop.turn()
        assert {name: each.waiting for name, each in life.loop.pipeline.by_target.items()} == left
    life.end()
