"""Rows from before the stream: scored all along, never learned unless mixed in, and needed only once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.source import SourceDataError
from daemon.build.load import load_bytes
from daemon.build.pipeline import build_pipeline
from daemon.config.errors import ConfigError
from daemon.config.schema import Config
from daemon.learning.stopwatch import Stopwatch
from daemon.service import Service
from daemon.state.checkpoints import CheckpointStore
from daemon.state.state_tree import copy_tree, flatten, unflatten
from tests.daemon.event_stream import Stretch, events
from tests.daemon.intake.reference.before import before, write
from tests.daemon.lives import SMALL, small_config
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from connectors.record import LocalRecord
    from daemon.learning.pipeline import Pipeline
    from strategies.storage import RowStorage
    from strategies.training_batch import Rehearsal

MIXING = {"type": "mixing", "share": 0.4}
FIRST_OF_STREAM = 1_000_000


def stream(rows: int = 120, **more: Any) -> list[LocalRecord]:
    """The stream's events; field ``a`` is above that of any row from before."""
    made = []
    for number, record in enumerate(events([Stretch("P", rows // 2), Stretch("Q", rows // 2)], seed=3, **more)):
        value = record.value or b""
        if value.startswith(b'{"a":') and b"NaN" not in value:
            value = orjson.dumps(orjson.loads(value) | {"a": FIRST_OF_STREAM + number})
        made.append(record._replace(value=value))
    return made


def config(path: Path, *, reference: dict[str, Any] | None = None, **sections: Any) -> Config:
    section = {"source": {"type": "file", "path": str(path)}, "decoder": {"type": "json", "label": "y"}}
    unused = {"checkpoint": {"directory": "unused"}, "reference": section | (reference or {})}
    return Config.model_validate(
        SMALL | {"strategies": [{"type": "replay", "rows": 30}, MIXING]} | unused | sections
    )


def new_pipeline(path: Path, **more: Any) -> Pipeline:
    return build_pipeline(config(path, **more), stopwatch=Stopwatch())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of a hundred rows from before."""
    return write(tmp_path / "before.jsonl", before(100))


@pytest.fixture(scope="module")
def module_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("reference") / "before.jsonl", before(100))


def numbers(part: RowStorage) -> set[int]:
    return {int(x) for x in part.read(np.arange(part.capacity)).x[:, 0]}


def watched(pipeline: Pipeline) -> set[int]:
    """The numbers of all rows that the pipeline's main learner will have rehearsed by mixing."""
    assert pipeline.main is not None
    seen: set[int] = set()
    mixing = dict(pipeline.main.scored.learner.strategies)["mixing"]
    rehearse = mixing.rehearse

    def watching(fresh: Any) -> Sequence[Rehearsal]:
        drawn = rehearse(fresh)
        seen.update(int(x) for rehearsal in drawn for x in rehearsal.rows.x[:, 0])
        return drawn

    mixing.rehearse = watching  # type: ignore[method-assign]  # to see what is drawn where it is drawn
    return seen


@settings(max_examples=12)
@given(seed=st.integers(0, 1 << 40), share=st.sampled_from([0.1, 0.5, 0.7]), kept=st.integers(40, 100))
def test_what_is_scored_is_never_drawn(module_path: Path, seed: int, share: float, kept: int) -> None:
    options = {"rows": kept, "probe_share": share, "storage": "float32"}
    pipeline = new_pipeline(module_path, seed=seed, reference=options, strategies=[{"type": "replay"}, MIXING])
    records = stream()
    pipeline.process(records[:1])
    drawn = watched(pipeline)
    pipeline.process(records[1:])
    rows = pipeline._reference
    assert rows is not None
    assert drawn
    assert drawn <= numbers(rows.mixable)
    assert not drawn & numbers(rows.probes)
    assert pipeline.main is not None
    replay: Any = dict(pipeline.main.scored.learner.strategies)["replay"]
    assert min(replay.memory.rows().x[:, 0]) >= FIRST_OF_STREAM


@settings(max_examples=8)
@given(sizes=st.lists(st.integers(1, 50), min_size=1, max_size=4), cut=st.integers(0, 120))
def test_neither_grouping_nor_a_restart_without_the_file_changes_a_bit(
    module_path: Path, sizes: list[int], cut: int
) -> None:
    records = stream(bad_share=0.1, missing_share=0.1)
    whole = new_pipeline(module_path)
    whole.process(records)
    expected = copy_tree(whole.state_dict())
    part = new_pipeline(module_path)
    part.begin()
    for start in range(0, cut, sizes[0]):
        part.process(records[start : min(start + sizes[0], cut)])
    resumed = new_pipeline(module_path / "is no more")
    resumed.load_state_dict(unflatten(flatten(part.state_dict()).copy()))
    start, place = cut, 0
    while start < len(records):
        size = sizes[place % len(sizes)]
        resumed.process(records[start : start + size])
        start, place = start + size, place + 1
    assert_same_state(expected, resumed.state_dict())


def test_a_daemon_goes_on_without_the_source_of_its_reference(tmp_path: Path, path: Path) -> None:
    events_path = write(tmp_path / "stream.jsonl", stream())
    sections = {
        "source": {"type": "file", "path": str(events_path)},
        "reference": {"source": {"type": "file", "path": str(path)}},
        "strategies": [{"type": "replay", "rows": 30}, MIXING],
        "http": {"port": 0},
    }
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for directory in (whole, parts):
        directory.mkdir()
    with Service(small_config(whole, **sections)) as service:
        service.run(stop=lambda: False)
    with Service(small_config(parts, **sections)) as service:
        service.run(stop=lambda: True)
    path.unlink()
    with Service(small_config(parts, **sections)) as service:
        service.run(stop=lambda: False)
    states = [CheckpointStore(directory, keep=1).load_newest() for directory in (whole, parts)]
    pipelines = [state.saved.state["pipeline"] for state in states if state is not None]
    assert_same_state(*pipelines)
    assert len(pipelines[0]["reference"]["probes"]["y"]) > 20


def test_a_regression_is_scored_by_its_r2_and_mixes_in_numbers(tmp_path: Path) -> None:
    old = write(tmp_path / "before.jsonl", events([Stretch("P", 400)], seed=9, regression=True))
    optimizer = {"type": "adam", "lr": 0.01}
    pipeline = new_pipeline(old, label={"type": "number"}, optimizer=optimizer)
    pipeline.process(events([Stretch("P", 1200)], seed=2, regression=True))
    pipeline.finish()
    assert pipeline.main is not None
    score = pipeline.main.scored.evaluator.reference
    assert score is not None
    assert score.initial is not None
    assert score.now is not None
    assert score.now > score.initial + 0.3
    assert score.now > 0.8


def test_the_metrics_show_the_reference_and_the_restraint(tmp_path: Path, path: Path) -> None:
    events_path = write(tmp_path / "stream.jsonl", stream())
    sections = {
        "source": {"type": "file", "path": str(events_path)},
        "reference": {"source": {"type": "file", "path": str(path)}},
        "strategies": [MIXING],
        "learner": {"batch": 8, "updates_per_task": 3},
        "optimizer": {"type": "sgd", "lr": 0.1, "schedule": {"per_boundary": 0.5}},
        "http": {"port": 0},
    }
    with Service(small_config(tmp_path, **sections)) as service:
        service.run(stop=lambda: False)
    main = service.loop.pipeline.main
    assert main is not None
    reference = main.scored.evaluator.reference
    assert reference is not None
    expected = {
        "reference_score": reference.now,
        "reference_initial_score": reference.initial,
        "reference_samples": float(reference.samples),
        "learning_rate": 0.05,  # one boundary lies between P and Q
        "learner_steps_left": 0.0,
        "learner_steps_total": 6.0,
    }
    shown = {name: service.registry.get_sample_value(f"retaind_{name}") for name in expected}
    assert shown == expected
    assert (service.registry.get_sample_value("retaind_learner_steps_saved_total") or 0) > 5


def test_the_initial_score_is_kept_along_with_the_score_now(path: Path) -> None:
    pipeline = new_pipeline(path)
    pipeline.process(stream()[:1])
    assert pipeline.main is not None
    score = pipeline.main.scored.evaluator.reference
    assert score is not None
    untrained = score.now
    assert untrained is not None
    assert score.initial == untrained
    assert 30 < score.samples < 70
    pipeline.process(stream()[1:])
    pipeline.finish()
    assert score.initial == untrained
    assert score.now != untrained


def test_the_reference_is_scored_whenever_the_model_is_evaluated(path: Path) -> None:
    pipeline = new_pipeline(path, retention=SMALL["retention"] | {"every_events": 10_000})
    records = stream()
    pipeline.process(records[:60])
    assert pipeline.main is not None
    score = pipeline.main.scored.evaluator.reference
    assert score is not None
    assert score.now == score.initial
    # The first event of the next task is the boundary.
    pipeline.process(records[60:61])
    assert score.now != score.initial


def test_mixing_keeps_what_the_stream_alone_would_make_the_model_forget(tmp_path: Path) -> None:
    """The stream has one class only; what was before had three."""
    old = write(tmp_path / "before.jsonl", events([Stretch("before", 600)], seed=9))
    scores = {}
    for name, strategies in {"naive": [], "mixing": [{"type": "mixing", "share": 0.5}]}.items():
        optimizer = {"type": "adam", "lr": 0.01}
        pipeline = new_pipeline(old, strategies=strategies, optimizer=optimizer)
        records = events([Stretch("P", 1200)], seed=2)
        constant = [
            record._replace(value=orjson.dumps(orjson.loads(record.value or b"") | {"y": "class 2"}))
            for record in records
        ]
        pipeline.process(constant)
        pipeline.finish()
        assert pipeline.main is not None
        reference = pipeline.main.scored.evaluator.reference
        assert reference is not None
        scores[name] = reference.now or 0.0
    assert scores["mixing"] > scores["naive"] + 0.2


def test_companions_are_scored_on_the_same_rows(path: Path) -> None:
    companions = {"naive": {"every_blocks": 1}, "frozen": None}
    pipeline = new_pipeline(path, companions=companions)
    pipeline.process(stream())
    pipeline.finish()
    assert pipeline.main is not None
    naive = dict(pipeline.main.companions)["naive"].scored.evaluator.reference
    main = pipeline.main.scored.evaluator.reference
    assert naive is not None
    assert main is not None
    assert naive.initial == main.initial
    assert naive.samples == main.samples


def test_classes_of_the_reference_come_first_and_can_be_predicted_at_once(tmp_path: Path) -> None:
    new_first = [
        record._replace(value=orjson.dumps(orjson.loads(record.value or b"") | {"y": f"new {number % 2}"}))
        for number, record in enumerate(stream(40))
    ]
    old = write(tmp_path / "before.jsonl", before(50))
    pipeline = new_pipeline(old, label={"max_classes": 5}, tasks={"type": "none"})
    pipeline.process(new_first)
    assert sorted(pipeline.snapshot().classes[:3]) == ["class 0", "class 1", "class 2"]
    assert pipeline.snapshot().classes[3:] == ("new 0", "new 1")
    assert pipeline.main is not None
    assert pipeline.main.state_dict()["known_classes"] == 5


def test_running_scales_begin_with_the_rows_that_may_be_learned(path: Path) -> None:
    pipeline = new_pipeline(path)
    pipeline.process(stream()[:1])
    assert pipeline.main is not None
    assert pipeline._reference is not None
    scaler = pipeline.main.scored.learner.state_dict()["scaler"]
    assert scaler["count"] == pipeline._reference.mixable.capacity + 1


YAML = """\
source: {type: file, path: unused}
decoder: {type: json, label: y%(stream)s}
reference:
  source: {type: file, path: "%(path)s"}
  decoder: {type: json, label: y%(before)s}
checkpoint: {directory: unused}
"""


def from_yaml(path: Path, *, stream: str = "", before: str = "") -> Pipeline:
    text = YAML % {"path": path, "stream": stream, "before": before}
    return build_pipeline(load_bytes(text.encode(), file="test.yaml", environ={}), stopwatch=Stopwatch())


def test_a_feature_that_the_reference_lacks_is_an_error_with_its_place_before_any_event(path: Path) -> None:
    pipeline = from_yaml(path, stream=", features: [a, b, c]", before=", features: [a, b]")
    with pytest.raises(ConfigError, match=r"test\.yaml:4:3: reference: .*have 'c', which the reference rows lack"):
        pipeline.begin()


def test_where_the_first_event_shows_the_features_the_error_comes_with_it(path: Path) -> None:
    pipeline = from_yaml(path, before=", features: [a, b]")
    pipeline.begin()
    with pytest.raises(ValueError, match="have 'c', which the reference rows lack; they have a, b"):
        pipeline.process(stream())


def test_the_service_says_where_in_the_file_that_is(tmp_path: Path, path: Path) -> None:
    events_path = write(tmp_path / "stream.jsonl", stream())
    decoder = {"type": "json", "label": "y", "features": ["a", "b"]}
    sections = {
        "source": {"type": "file", "path": str(events_path)},
        "reference": {"source": {"type": "file", "path": str(path)}, "decoder": decoder},
        "http": {"port": 0},
    }
    with (
        Service(small_config(tmp_path, **sections)) as service,
        pytest.raises(ConfigError, match=r"reference: the stream's rows have 'c'"),
    ):
        service.run(stop=lambda: False)


def test_columns_are_matched_by_name_whatever_their_order(path: Path) -> None:
    one = from_yaml(path, stream=", features: [c, b, a]", before=", features: [a, b, c]")
    other = from_yaml(path, stream=", features: [c, b, a]", before=", features: [c, b, a]")
    for pipeline in (one, other):
        pipeline.process(stream())
    assert_same_state(one.state_dict(), other.state_dict())


def test_labels_that_the_stream_does_not_know_are_an_error_of_the_configuration(path: Path) -> None:
    pipeline = new_pipeline(path, label={"classes": ["up", "down"]})
    with pytest.raises(
        ConfigError, match=r"reference: 100 of its 100 records cannot be used; the first: The class"
    ):
        pipeline.begin()


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SourceDataError, match=r"reference: .*there is no such file"):
        new_pipeline(tmp_path / "none.jsonl").begin()


@pytest.mark.parametrize("begun_with", [True, False])
def test_a_reference_can_be_neither_added_nor_dropped_later(path: Path, *, begun_with: bool) -> None:
    strategies = [{"type": "replay", "rows": 30}]
    with_rows, without = new_pipeline(path, strategies=strategies), None
    without = build_pipeline(
        config(path, strategies=strategies).model_copy(update={"reference": None}), stopwatch=Stopwatch()
    )
    first, second = (with_rows, without) if begun_with else (without, with_rows)
    first.process(stream())
    with pytest.raises(ValueError, match="reference rows, the configuration"):
        second.load_state_dict(first.state_dict())


def test_mixing_finds_out_where_all_rows_fell_to_the_probes(tmp_path: Path) -> None:
    few = write(tmp_path / "before.jsonl", before(2))
    pipeline = new_pipeline(few, reference={"probe_share": 0.999})
    with pytest.raises(ConfigError, match=r"strategies\[1\]: mixing has no rows to draw from"):
        pipeline.process(stream())
