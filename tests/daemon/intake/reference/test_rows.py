from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.config.reference_section import ReferenceSection
from daemon.intake.labels.options import NumberLabel
from daemon.intake.reference.rows import ReferenceFieldError, ReferenceRows
from daemon.state.state_tree import flatten, unflatten
from tests.daemon.intake.reference.before import before, reader
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from numpy.typing import NDArray


def rows(count: int = 40, **options: Any) -> ReferenceRows:
    return reader(**options).read([before(count)], seed=0, max_rejected_share=0.0)


def columns(made: ReferenceRows) -> dict[str, NDArray[np.float32]]:
    x = made.mixable.read(np.arange(made.mixable.capacity)).x.numpy()
    return {name: x[:, place] for place, name in enumerate(made.names)}


@pytest.mark.parametrize("storage", ["float32", "float16", "uint8", "uint4"])
def test_columns_are_put_in_the_streams_order_without_a_bit_lost(storage: str) -> None:
    made = rows(storage=storage, range=[-3, 40])
    arranged = made.arranged(["c", "a"])
    before, after = columns(made), columns(arranged)
    assert list(after) == ["c", "a"]
    assert all(np.array_equal(after[name], before[name]) for name in after)
    assert arranged.probes.capacity == made.probes.capacity
    assert np.array_equal(arranged.mixable.y, made.mixable.y)
    assert np.array_equal(arranged.mixable.provenance, made.mixable.provenance)


def test_rows_in_the_streams_order_are_left_alone() -> None:
    made = rows()
    assert made.arranged(["a", "b", "c"]) is made


def test_a_feature_that_the_rows_lack_is_named() -> None:
    with pytest.raises(
        ReferenceFieldError, match="have 'd', which the reference rows lack; they have a, b, c"
    ) as it:
        rows().arranged(["a", "d"])
    assert it.value.path == ("reference",)


@settings(max_examples=15)
@given(
    storage=st.sampled_from(["float32", "float16", "uint8", "uint4"]),
    share=st.sampled_from([0.0, 0.3, 1.0]),
    count=st.integers(1, 50),
)
def test_rows_survive_a_checkpoint_bit_for_bit(storage: str, share: float, count: int) -> None:
    made = rows(count, storage=storage, range=[-5, 50], probe_share=share)
    state = unflatten(flatten(made.state_dict()).copy())
    assert_same_state(ReferenceRows.of_state(state).state_dict(), made.state_dict())


def test_compact_rows_take_less_room() -> None:
    sizes = [rows(storage=storage).mixable.nbytes for storage in ("float32", "float16", "uint8", "uint4")]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 4


def test_the_classes_of_both_parts_are_counted() -> None:
    assert rows().classes == 3
    assert rows(probe_share=1).classes == 3


def test_numbers_are_no_classes() -> None:
    made = reader(label=NumberLabel()).read([before(40, regression=True)], seed=0, max_rejected_share=0.0)
    assert made.classes == 0


def test_a_range_upside_down_is_refused() -> None:
    with pytest.raises(ValueError, match="low < high"):
        ReferenceSection.model_validate({"source": {"type": "file", "path": "a"}, "range": [1, 1]})
