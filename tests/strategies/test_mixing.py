"""Data mixing draws the share that it is told, only from its rows, and the same after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.batch import Batch
from strategies.mixing import Mixing
from strategies.options.mixing import MixingOptions
from strategies.storage import RowStorage
from strategies.strategy import Setting

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.learner import Learner

BEFORE = 24


def storage(rows: int = BEFORE) -> RowStorage:
    made = RowStorage(rows, features=1, classification=True)
    number = torch.arange(rows)
    batch = Batch(number[:, None].float(), number % 3, number, provenance=torch.full((rows, 4), -1))
    made.write(np.arange(rows), batch, np.arange(rows))
    return made


def mixing(reference: RowStorage | None, *, share: float = 0.2, seed: int = 0) -> Mixing:
    setting = Setting(
        features=1,
        outputs=3,
        classification=True,
        batch_rows=32,
        generator=np.random.default_rng(seed),
        reference=reference,
    )
    return Mixing(MixingOptions(share=share), setting=setting)


def fresh(rows: int) -> Batch:
    zeros = torch.zeros(rows, dtype=torch.int64)
    return Batch(torch.full((rows, 1), 1e6), zeros, zeros, provenance=torch.zeros(rows, 4))


def drawn(strategy: Mixing, batch: Batch) -> list[int]:
    return [int(x) for rehearsal in strategy.rehearse(batch) for x in rehearsal.rows.x[:, 0]]


def test_a_share_that_is_a_whole_number_of_rows_is_drawn_in_every_step() -> None:
    strategy = mixing(storage(), share=0.2)
    assert {len(drawn(strategy, fresh(32))) for _ in range(50)} == {8}


@settings(max_examples=20)
@given(share=st.floats(0.02, 0.8), batch=st.integers(1, 9), seed=st.integers(0, 99))
def test_the_share_holds_in_the_long_run_for_batches_of_any_size(share: float, batch: int, seed: int) -> None:
    strategy = mixing(storage(), share=share, seed=seed)
    rows = fresh(batch)
    steps = 1500
    mixed = sum(len(drawn(strategy, rows)) for _ in range(steps))
    expected = batch * share / (1 - share)
    # Each step is off by less than one row, and the errors are independent.
    assert mixed / steps == pytest.approx(expected, abs=5 * 0.5 / steps**0.5)


def test_every_row_from_before_is_drawn_equally_often() -> None:
    strategy = mixing(storage(), share=0.5)
    counts = np.bincount([row for _ in range(300) for row in drawn(strategy, fresh(32))], minlength=BEFORE)
    assert len(counts) == BEFORE
    expected = 300 * 32 / BEFORE
    assert float(((counts - expected) ** 2 / expected).sum()) < 60  # chi square, 23 degrees: 1e-5 lie above


def test_a_mixed_row_counts_in_the_loss_as_a_new_one_does() -> None:
    (rehearsal,) = mixing(storage(), share=0.5).rehearse(fresh(8))
    assert rehearsal.weight is None
    assert torch.equal(rehearsal.rows.y, rehearsal.rows.x[:, 0].long() % 3)


def test_drawing_leaves_the_rows_from_before_as_they_were() -> None:
    reference = storage()
    before = {name: np.array(column) for name, column in reference.state_dict(BEFORE).items() if name != "form"}
    strategy = mixing(reference)
    for rehearsal in strategy.rehearse(fresh(32)):
        rehearsal.rows.x.fill_(0)
    after = reference.state_dict(BEFORE)
    assert all(np.array_equal(column, after[name]) for name, column in before.items())


def test_a_restored_one_draws_the_same_rows() -> None:
    straight, resumed = mixing(storage()), mixing(storage(), seed=5)
    drawn(straight, fresh(7))
    resumed.load_state_dict(straight.state_dict())
    assert [drawn(straight, fresh(7)) for _ in range(20)] == [drawn(resumed, fresh(7)) for _ in range(20)]


@pytest.mark.parametrize("reference", [None, storage(0)])
def test_there_is_nothing_to_mix_without_rows_from_before(reference: Any) -> None:
    with pytest.raises(ValueError, match="no rows to draw from"):
        mixing(reference)


def test_what_the_stream_never_shows_again_is_kept_by_mixing(
    learner_with: Callable[..., Learner], batch_of: Callable[..., Batch]
) -> None:
    losses = {}
    for name, strategies in {"naive": {}, "mixing": {"mixing": {"share": 0.3}}}.items():
        learner = learner_with(strategies, scale=False, optimizer={"type": "sgd", "lr": 0.05})
        before = dict(learner_with({"mixing": {}}).strategies)["mixing"].setting.reference
        assert before is not None
        old = before.read(np.arange(before.capacity))
        for _ in range(300):
            learner.learn(old)
        for step in range(200):
            new = batch_of(step)
            new.y.fill_(0)
            learner.learn(new)
        losses[name] = float(learner.objective.loss(learner.predict(old.x), old.y)[0])
    assert losses["mixing"] < losses["naive"] / 2
