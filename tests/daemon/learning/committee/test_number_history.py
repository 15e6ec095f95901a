"""A key's history is what a plain list of its labels would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daemon.learning.committee.number_history import LAGS, NumberHistory

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEYS = st.integers(-1, 4)
BLOCKS = st.lists(st.lists(st.tuples(KEYS, st.booleans()), min_size=1, max_size=40), min_size=1, max_size=5)


class PlainHistory:
    """The same, row by row."""

    def __init__(self) -> None:
        self.labels: dict[int, list[float]] = {}
        self.rows: dict[int, float] = {}

    def meet(self, key: int, label: float, *, usable: bool) -> tuple[bool, list[float], float]:
        labels = self.labels.setdefault(key, [])
        latest = labels[::-1][:LAGS]
        lagged = latest + [latest[-1]] * (LAGS - len(latest)) if latest else [0.0] * LAGS
        difference = label - self.rows[key] if key in self.rows else 0.0
        self.rows[key] = label
        if usable:
            labels.append(label)
        return bool(latest), lagged, difference


def columns(block: list[tuple[int, bool]]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    return np.array([key for key, _ in block]), np.array([usable for _, usable in block])


@given(BLOCKS)
def test_it_knows_the_labels_and_the_row_before_of_each_key(blocks: list[list[tuple[int, bool]]]) -> None:
    history, plain, count = NumberHistory(features=1), PlainHistory(), 0
    for block in blocks:
        keys, usable = columns(block)
        label = np.arange(count, count + len(block), dtype=np.float64) ** 2
        count += len(block)
        slots = history.place(keys)
        past = history.roll(slots, labels=label, usable=usable, rows=label[:, None])
        expected = [
            plain.meet(key, one, usable=good) for key, one, good in zip(keys.tolist(), label, usable, strict=True)
        ]
        assert past.known.tolist() == [known for known, _, _ in expected]
        assert past.labels.tolist() == [lagged for _, lagged, _ in expected]
        assert past.difference[:, 0].tolist() == [difference for _, _, difference in expected]
        history.remember()


def test_the_key_seen_longest_ago_is_forgotten_first() -> None:
    history = NumberHistory(features=1, most=2)
    for keys in ([1, 2], [1, 3], [2]):
        slots = history.place(np.array(keys))
        ones = np.ones(len(keys))
        past = history.roll(slots, labels=ones, usable=ones > 0, rows=ones[:, None])
        history.remember()
    assert not past.known[0]
    assert history.state_dict()["keys"].tolist() == [3, 2]


def test_a_history_that_was_saved_goes_on_as_if_it_had_not_been() -> None:
    chance = np.random.default_rng(0)
    history = NumberHistory(features=2, most=3)
    for _ in range(9):
        slots = history.place(chance.integers(0, 5, size=7))
        history.roll(slots, labels=chance.normal(size=7), usable=np.ones(7, bool), rows=chance.normal(size=(7, 2)))
        history.remember()
    again = NumberHistory(features=2, most=3)
    again.load_state_dict(history.state_dict())
    keys, rows = np.array([0, 1, 2, 3, 4, 0]), np.ones((6, 2))
    one, other = (
        each.roll(each.place(keys), labels=rows[:, 0], usable=rows[:, 0] > 0, rows=rows)
        for each in (history, again)
    )
    assert one.labels.tobytes() == other.labels.tobytes()
    assert one.difference.tobytes() == other.difference.tobytes()
