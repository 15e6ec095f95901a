from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daemon.learning.committee.key_memory import DECAYS, NONE, KeyMemory, Past

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASSES, FEATURES, PLACES = 3, 2, 6
EYE = np.eye(CLASSES, dtype=np.float32)
Event = tuple[int, int, float]
EVENTS = st.lists(
    st.tuples(st.integers(-1, 3), st.integers(0, CLASSES - 1), st.floats(-9, 9)), min_size=1, max_size=40
)


def memory(**options: Any) -> KeyMemory:
    return KeyMemory(PLACES, features=FEATURES, label_width=CLASSES, **options)


def columns(events: list[Event]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    keys, labels, values = (np.array(column) for column in zip(*events, strict=True))
    return keys.astype(np.int64), labels.astype(np.int64), np.stack([values, -values], axis=1).astype(np.float64)


def roll(made: KeyMemory, events: list[Event]) -> Past:
    keys, labels, rows = columns(events)
    return made.roll(made.place(keys), labels=labels, columns=EYE[labels], rows=rows)


def learn(made: KeyMemory, events: list[Event]) -> Past:
    past = roll(made, events)
    made.remember()
    return past


def one_by_one(events: list[Event]) -> Past:
    """The same, told event by event in plain Python."""
    last: dict[int, int] = {}
    row: dict[int, NDArray[np.float64]] = {}
    faded: dict[int, NDArray[np.float64]] = {}
    labels, differences, fades = [], [], []
    for key, label, value in events:
        now = np.array([value, -value])
        labels.append(last.get(key, NONE))
        differences.append(now - row[key] if key in row else np.zeros(FEATURES))
        before = faded.get(key, np.zeros((len(DECAYS), CLASSES)))
        fades.append(before)
        decay = np.array(DECAYS)[:, None]
        faded[key] = decay * before + (1 - decay) * EYE[label]
        last[key], row[key] = label, now
    return Past(np.array(labels), np.array(fades, dtype=np.float32), np.array(differences))


@given(events=EVENTS, size=st.integers(1, PLACES))
def test_every_row_knows_what_its_key_was_before_it(events: list[Event], size: int) -> None:
    made = memory()
    parts = [learn(made, events[start : start + size]) for start in range(0, len(events), size)]
    expected = one_by_one(events)
    assert np.concatenate([part.label for part in parts]).tolist() == expected.label.tolist()
    np.testing.assert_allclose(np.concatenate([part.difference for part in parts]), expected.difference)
    np.testing.assert_allclose(np.concatenate([part.faded for part in parts]), expected.faded, atol=1e-6)


@given(events=EVENTS.filter(lambda events: len(events) > 1))
def test_a_block_is_the_same_however_its_rows_came(events: list[Event]) -> None:
    whole, growing = memory(), memory()
    for start in range(0, len(events), PLACES):
        block = events[start : start + PLACES]
        for stop in range(1, len(block) + 1):
            past = roll(growing, block[:stop])
        growing.remember()
        at_once = learn(whole, block)
        assert past.faded.tobytes() == at_once.faded.tobytes()
        assert past.label.tolist() == at_once.label.tolist()


def test_the_key_unseen_for_longest_is_forgotten_first() -> None:
    made = memory(most=2)
    learn(made, [(1, 0, 1.0), (2, 1, 2.0)])
    learn(made, [(1, 0, 1.0), (3, 2, 3.0)])
    assert roll(made, [(1, 0, 1.0), (2, 0, 2.0), (3, 0, 3.0)]).label.tolist() == [0, NONE, 2]


@given(events=EVENTS)
def test_it_survives_a_checkpoint(events: list[Event]) -> None:
    made, again = memory(), memory()
    for start in range(0, len(events), PLACES):
        learn(made, events[start : start + PLACES])
    again.load_state_dict(made.state_dict())
    block = events[:PLACES]
    assert roll(again, block).faded.tobytes() == roll(made, block).faded.tobytes()
