"""Whose a name is does not depend on how rows are grouped, and is told rightly."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daemon.intake.bringers import Bringers
from strategies.provenance import UNKNOWN
from strategies.row_holder import Gone, key_hash
from tests.daemon.same_state import chunks

KEYS = [b"ann", b"bob", b"eve"]
ROWS = st.lists(st.tuples(st.integers(0, 6), st.sampled_from([*KEYS, None])), min_size=1, max_size=40)
LIMIT = 5


def noted(rows: list[tuple[int, bytes | None]], sizes: list[int]) -> tuple[Bringers, dict[int, int]]:
    """Note rows in groups; return the place of each value, in the order in which they came, up to a limit."""
    bringers, places = Bringers(), dict[int, int]()
    for part in chunks(len(rows), sizes):
        for value, _ in rows[part]:
            if len(places) < LIMIT:
                places.setdefault(value, len(places))
        at = np.array([places.get(value, LIMIT) for value, _ in rows[part]], dtype=np.int64)
        key = np.array([UNKNOWN if key is None else key_hash(key) for _, key in rows[part]], dtype=np.int64)
        bringers.note(at, key=key, names=len(places))
    return bringers, places


@given(rows=ROWS, sizes=st.lists(st.integers(1, 7), min_size=1, max_size=3))
def test_a_name_goes_with_the_only_key_that_has_brought_it(
    rows: list[tuple[int, bytes | None]], sizes: list[int]
) -> None:
    (at_once, places), (in_parts, _) = noted(rows, [len(rows)]), noted(rows, sizes)
    assert in_parts.state(len(places)) == at_once.state(len(places))
    brought = defaultdict(set)
    for value, key in rows:
        brought[value].add(key)
    for key in KEYS:
        alone = [place for value, place in places.items() if brought[value] == {key}]
        assert at_once.take(Gone.of_keys([key])) == sorted(alone)
        assert at_once.take(Gone.of_keys([key])) == []


def test_what_nobody_has_noted_stays() -> None:
    bringers, ann = Bringers(), np.array([key_hash(b"ann")])
    bringers.note(np.array([0, 1]), key=None, names=2)
    bringers.note(np.array([1]), key=ann, names=2)
    assert bringers.take(Gone.of_keys([b"ann"])) == []
    other = Bringers()
    other.load(bringers.state(3))
    other.note(np.array([2]), key=ann, names=3)
    assert other.take(Gone.of_keys([b"ann"])) == []
