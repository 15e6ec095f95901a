"""Rows that are taken out of the probe sets leave uniform samples, which fill again as such."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.scoring.probe_sets import ProbeSets
from strategies.row_holder import Gone, key_hash

ROWS, BEFORE, AFTER, TRIALS = 8, 40, 40, 1_500
OURS, OTHERS = b"subject", b"another"


def offer(probes: ProbeSets, first: int, keys: list[bytes]) -> None:
    x = np.arange(first, first + len(keys), dtype=np.float32)[:, None]
    whose = np.array([[key_hash(key), 1_000 * place] for place, key in enumerate(keys)])
    none = np.zeros(len(keys), dtype=np.int64)
    probes.add(x, y=none, task=none, whose=whose)


def test_every_row_that_is_left_or_comes_then_has_the_same_chance() -> None:
    kept = np.zeros(BEFORE + AFTER)
    for seed in range(TRIALS):
        probes = ProbeSets(ROWS, max_tasks=1, generator=np.random.default_rng(seed))
        offer(probes, 0, [OURS if place % 4 == 0 else OTHERS for place in range(BEFORE)])
        gone = probes.forget(Gone.of_keys([OURS]))
        assert probes.count(0) == len(probes.numbers()) == ROWS - gone
        offer(probes, BEFORE, [OTHERS] * AFTER)
        there = probes.rows_of(0)[0][:, 0].astype(int)
        kept[there] += 1 / len(there)
    others = np.array([place for place in range(BEFORE + AFTER) if place % 4 or place >= BEFORE])
    share = kept[others] / TRIALS * len(others)
    old, new = share[others < BEFORE].mean(), share[others >= BEFORE].mean()
    assert (old, new) == (pytest.approx(1.0, abs=0.05), pytest.approx(1.0, abs=0.05))


def test_they_go_on_from_their_state_after_rows_were_taken_out() -> None:
    one, other = (ProbeSets(ROWS, max_tasks=1, generator=np.random.default_rng(seed)) for seed in (1, 2))
    offer(one, 0, [OURS, OTHERS] * 20)
    one.forget(Gone.of_keys([OURS]))
    other.load_state_dict(one.state_dict())
    for each in (one, other):
        offer(each, 40, [OTHERS] * 60)
    assert one.numbers().tolist() == other.numbers().tolist()
