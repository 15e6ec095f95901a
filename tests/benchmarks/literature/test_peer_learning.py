"""Peers are scored on the rows that our learner is scored on, and learn those that it learns."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.literature import PROTOCOLS
from benchmarks.literature.configuration import validated, written
from benchmarks.literature.gas_batches import NUMBERS
from benchmarks.literature.gas_drift import GASES
from benchmarks.literature.peers import PEERS, UNKNOWN, Peer
from benchmarks.literature.run import Run, carry_out
from daemon.build.pipeline import build_pipeline
from daemon.learning.stopwatch import Stopwatch
from tests.benchmarks.literature.stream_files import HALF_HOURS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from daemon.config.schema import Config
    from strategies.batch import Batch


class LastLabel(Peer):
    """Repeats the last label that it learned, and remembers all that it was shown."""

    made: LastLabel

    def __init__(self, config: Config, *, names: Sequence[str]) -> None:
        super().__init__(config, names=names)
        self.names = names
        self.asked: list[NDArray[np.float32]] = []
        self.learned: list[Batch] = []
        LastLabel.made = self

    def answer(self, x: NDArray[np.float32]) -> NDArray[np.int64]:
        self.asked.append(x.copy())
        label = int(self.learned[-1].y[-1]) if self.learned else UNKNOWN
        return np.full(len(x), label, dtype=np.int64)

    def learn(self, batch: Batch) -> None:
        self.learned.append(batch)


@pytest.fixture
def last_label(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PEERS, "arf", LastLabel)


@pytest.mark.usefixtures("last_label")
def test_each_row_is_predicted_before_it_is_learned(streams: Path) -> None:
    outcome = carry_out(Run("gas", "river-arf", 0), data=streams)
    figures = outcome.figures
    assert figures["no_change_accuracy"] is not None
    events = len([row for batch in LastLabel.made.learned for row in batch.y])
    correct = figures["no_change_accuracy"] * (events - 1)  # the first row has no last label
    assert figures["prequential_accuracy"] == pytest.approx(correct / events)
    assert outcome.matrix[3][4] is None
    assert outcome.matrix[3][3] is not None


@pytest.mark.usefixtures("last_label")
def test_the_next_batch_is_predicted_by_what_was_learned_before_it(streams: Path) -> None:
    figures = carry_out(Run("gas", "river-arf", 0), data=streams).figures
    stream = PROTOCOLS["gas"]().stream(streams, seed=0, validate=False)
    labels = [dict(chunk.records[-1].headers)["label"].decode() for chunk in stream.chunks() if chunk.ends]
    expected = {}
    for label, (task, follows) in zip(labels, pairwise(f"batch-{number}" for number in NUMBERS), strict=False):
        known = stream.ahead(task)
        assert known is not None
        share = float((known[1].y == GASES.index(label)).mean())
        expected[f"next_task_accuracy.{follows}"] = pytest.approx(share)
    assert {name: figures[name] for name in expected} == expected
    assert figures["next_task_accuracy"] == pytest.approx(np.mean([figures[name] for name in expected]))


@pytest.mark.usefixtures("last_label")
def test_a_peer_meets_the_very_rows_that_our_learner_meets_and_never_learns_one_that_is_held_out(
    streams: Path,
) -> None:
    carry_out(Run("elec2", "river-arf", 0), data=streams)
    peer, protocol = LastLabel.made, PROTOCOLS["elec2"]
    config = validated(written(protocol, "naive", seed=0), name="elec2")
    pipeline = build_pipeline(config, stopwatch=Stopwatch())
    seen: list[Any] = []
    for chunk in protocol().stream(streams, seed=0, validate=False).chunks():
        pipeline.process(chunk.records[:1])
        pipeline.release()
        assert pipeline.main is not None
        main: Any = pipeline.main
        meet = main.meet
        main.meet = lambda arrivals, _meet=meet: (seen.append(arrivals), _meet(arrivals))[1]
        pipeline.process(chunk.records[1:])
    assert len(seen) == HALF_HOURS - 1
    assert list(pipeline.feature_names or ()) == list(peer.names)
    ours = np.concatenate([arrivals.batch.x.numpy() for arrivals in seen])
    assert np.array_equal(np.concatenate(peer.asked)[1:HALF_HOURS], ours)
    held_out = np.concatenate([arrivals.held_out for arrivals in seen])
    assert held_out.any()
    learned = np.concatenate([batch.x.numpy() for batch in peer.learned])
    assert np.array_equal(learned[-(~held_out).sum() :], ours[~held_out])


@pytest.mark.parametrize(("setting", "least"), [("river-logistic", 0.6), ("river-arf", 0.3), ("joint", 0.9)])
def test_peers_learn(setting: str, least: float, streams: Path) -> None:
    outcome = carry_out(Run("gas", setting, 0), data=streams)
    final = outcome.figures["final_accuracy"]
    assert final is not None
    assert final > least
    assert len(outcome.final) == 8
    assert len(outcome.matrix) == (1 if setting == "joint" else 8)


def test_what_predicts_nothing_on_arrival_has_no_prequential_score(streams: Path) -> None:
    figures = carry_out(Run("gas", "joint", 0), data=streams).figures
    assert figures["prequential_accuracy"] is None
    assert figures["forgetting"] is None
    assert "next_task_accuracy" not in figures


def test_a_peer_is_evaluated_on_what_the_daemon_would_hold_out_where_the_stream_holds_nothing_out(
    streams: Path,
) -> None:
    outcome = carry_out(Run("fx", "river-logistic", 0), data=streams)
    assert outcome.tasks == ["USDCHF", "USDJPY", "XAUUSD"]
    assert outcome.matrix == [outcome.final]
    assert {f"prequential_accuracy.{task}" for task in outcome.tasks} <= outcome.figures.keys()


def test_the_references_of_a_run_are_in_its_figures(streams: Path) -> None:
    replay = carry_out(Run("gas", "replay", 0), data=streams).figures
    assert replay["naive_final_accuracy"] is not None
    assert replay["frozen_final_accuracy"] is not None
    naive = carry_out(Run("gas", "naive", 0), data=streams).figures
    assert "naive_final_accuracy" not in naive
