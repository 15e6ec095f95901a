"""What is stored compactly comes back as it was, or as near as the format says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.batch import Batch
from strategies.row_size import row_bytes
from strategies.storage import RowStorage


def batch_of(x: torch.Tensor, *, y: torch.Tensor | None = None) -> Batch:
    rows = len(x)
    return Batch(
        x=x,
        y=torch.arange(rows) if y is None else y,
        task=torch.arange(rows) * 3,
        provenance=torch.arange(rows * 4).view(rows, 4) - 1 + 2**62,
    )


def storage_of(capacity: int, features: int, **options: Any) -> RowStorage:
    return RowStorage(capacity, features=features, **({"classification": True} | options))


def round_trip(batch: Batch, **options: Any) -> Batch:
    storage = storage_of(len(batch), batch.x.shape[1], **options)
    every = np.arange(len(batch))
    storage.write(every, batch, every)
    return storage.read(every)


def assert_same(one: Batch, other: Batch) -> None:
    for column in ("x", "y", "task", "provenance"):
        first, second = getattr(one, column), getattr(other, column)
        assert first.dtype == second.dtype
        assert torch.equal(first, second), column


@settings(max_examples=50)
@given(st.lists(st.lists(st.floats(width=32), min_size=3, max_size=3), min_size=1, max_size=20))
def test_float32_comes_back_bit_for_bit(rows: list[list[float]]) -> None:
    batch = batch_of(torch.tensor(rows))
    back = round_trip(batch)
    assert np.array_equal(back.x.numpy().view(np.int32), batch.x.numpy().view(np.int32))


@pytest.mark.parametrize("value_range", [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (-3.7, 9.1)])
def test_every_step_of_uint8_comes_back_exactly(value_range: tuple[float, float]) -> None:
    low, high = value_range
    pixels = (low + np.arange(256) * (high - low) / 255).astype(np.float32)
    batch = batch_of(torch.from_numpy(pixels).view(4, 64))
    assert_same(round_trip(batch, precision="uint8", value_range=value_range), batch)


@settings(max_examples=50)
@given(st.lists(st.floats(-1, 2, width=32), min_size=1, max_size=20))
def test_uint8_is_the_nearest_step_and_clips(values: list[float]) -> None:
    back = round_trip(batch_of(torch.tensor([values])), precision="uint8", value_range=(-0.5, 1.5)).x
    expected = torch.tensor([values]).clamp(-0.5, 1.5)
    assert (back - expected).abs().max() <= 2 / 255 / 2 + 1e-6


def test_float16_knows_where_a_column_lies() -> None:
    """Pascal, kelvin, a share and a code: 101,325 used to come back as 65,504."""
    rng = np.random.default_rng(0)
    middle, width = np.array([101_325.0, 293.0, 0.5, 3e6]), np.array([40.0, 0.3, 1e-4, 1e5])
    x = torch.from_numpy((middle + width * rng.standard_normal((500, 4))).astype(np.float32))
    back = round_trip(batch_of(x), precision="float16").x
    assert ((back - x).abs() / torch.from_numpy(width)).max() < 2**-8
    assert ((back - x).abs() / torch.from_numpy(width)).mean() < 2**-12


@pytest.mark.parametrize("precision", ["float32", "float16", "uint8", "uint4"])
def test_a_part_has_the_rows_as_they_are_kept(precision: Any) -> None:
    batch = batch_of(torch.rand(30, 5))
    storage = storage_of(30, 5, precision=precision)
    storage.write(np.arange(30), batch, np.arange(30))
    slots, columns = np.array([3, 29, 7]), np.array([4, 0, 1])
    part = storage.part(slots, columns)
    kept = storage.read(slots)
    assert part.capacity == 3
    assert_same(part.read(np.arange(3)), Batch(kept.x[:, columns], kept.y, kept.task, provenance=kept.provenance))
    part.write(np.array([1]), batch_of(torch.full((1, 3), 0.2)), np.array([0]))
    torch.testing.assert_close(part.read(np.array([1])).x, torch.full((1, 3), 0.2), rtol=0, atol=0.04)


@pytest.mark.parametrize("features", [1, 2, 7, 64])
@pytest.mark.parametrize("value_range", [(0.0, 1.0), (-3.7, 9.1)])
def test_every_step_of_uint4_comes_back_exactly(features: int, value_range: tuple[float, float]) -> None:
    low, high = value_range
    steps = np.random.default_rng(0).integers(0, 16, (50, features))
    batch = batch_of(torch.from_numpy((low + steps * (high - low) / 15).astype(np.float32)))
    assert_same(round_trip(batch, precision="uint4", value_range=value_range), batch)


@settings(max_examples=50)
@given(st.lists(st.floats(-1, 2, width=32), min_size=1, max_size=9))
def test_uint4_is_the_nearest_step_and_clips(values: list[float]) -> None:
    back = round_trip(batch_of(torch.tensor([values])), precision="uint4", value_range=(-0.5, 1.5)).x
    expected = torch.tensor([values]).clamp(-0.5, 1.5)
    assert (back - expected).abs().max() <= 2 / 15 / 2 + 1e-6


@settings(max_examples=50)
@given(st.lists(st.lists(st.floats(-100, 100, width=32), min_size=4, max_size=4), min_size=1, max_size=9))
def test_outputs_come_back_in_eleven_bits(values: list[list[float]]) -> None:
    outputs = torch.tensor(values)
    rows = np.arange(len(outputs))
    storage = storage_of(len(rows), 3, outputs=4)
    storage.write(rows, batch_of(torch.zeros(len(rows), 3)), rows, outputs=outputs)
    torch.testing.assert_close(storage.outputs(rows), outputs, rtol=2**-11, atol=2**-25)


def test_storing_leaves_the_batch_as_it_was() -> None:
    for precision in ("float32", "float16", "uint8", "uint4"):
        batch = batch_of(torch.tensor([[-1e9, 0.3, 1e9]]))
        before = batch.x.clone()
        back = round_trip(batch, precision=precision)
        back.x.zero_()
        assert torch.equal(batch.x, before)


def test_regression_targets_come_back_bit_for_bit() -> None:
    batch = batch_of(torch.zeros(3, 1), y=torch.tensor([0.1, -1e30, 7.0]))
    assert_same(round_trip(batch, classification=False), batch)


def test_only_the_named_rows_go_to_the_named_slots() -> None:
    batch = batch_of(torch.arange(8.0).view(4, 2))
    storage = storage_of(5, 2)
    storage.write(np.array([4, 0]), batch, np.array([1, 3]))
    assert_same(storage.read(np.array([0, 4, 0])), batch.take(np.array([3, 1, 3])))
    assert not storage.read(np.array([1, 2, 3])).x.any()


def test_the_last_of_several_rows_for_one_slot_stays() -> None:
    batch = batch_of(torch.arange(600.0).view(300, 2))
    storage = storage_of(2, 2)
    slots = np.arange(300) % 2
    storage.write(slots, batch, np.arange(300))
    assert_same(storage.read(np.array([0, 1])), batch.take(np.array([298, 299])))


@pytest.mark.parametrize(
    ("precision", "bytes_each"), [("float32", 4), ("float16", 2), ("uint8", 1), ("uint4", 0.5)]
)
def test_a_row_takes_the_bytes_that_are_told(precision: Any, bytes_each: float) -> None:
    assert row_bytes(784, precision) == 784 * bytes_each + 4 + 2 + 32
    storage = storage_of(10, 784, precision=precision)
    assert storage.nbytes == 10 * row_bytes(784, precision)
    assert storage.capacity == 10


def test_a_restored_storage_has_the_same_rows() -> None:
    batch = batch_of(torch.rand(6, 3))
    storage, restored = storage_of(9, 3, precision="float16"), storage_of(9, 3, precision="float16")
    storage.write(np.arange(6), batch, np.arange(6))
    state = storage.state_dict(filled=6)
    assert len(state["x"]) == 6
    restored.load_state_dict(state)
    assert_same(restored.read(np.arange(6)), storage.read(np.arange(6)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"capacity": 20}, "has capacity 9, the configured one 20"),
        ({"features": 4}, "has features 3, the configured one 4"),
        ({"classification": False}, "has classification True, the configured one False"),
        ({"precision": "uint8"}, "has precision float16, the configured one uint8"),
    ],
)
def test_a_state_of_another_form_is_refused(options: dict[str, Any], message: str) -> None:
    form: dict[str, Any] = {"capacity": 9, "features": 3, "classification": True, "precision": "float16"}
    with pytest.raises(ValueError, match=message):
        RowStorage(**(form | options)).load_state_dict(RowStorage(**form).state_dict(filled=0))


def test_a_state_of_another_range_is_refused_where_it_matters() -> None:
    narrow, wide = {"value_range": (0.0, 1.0)}, {"value_range": (0.0, 2.0)}
    storage_of(1, 1, **wide).load_state_dict(storage_of(1, 1, **narrow).state_dict(0))
    with pytest.raises(ValueError, match=r"has range \[0.0, 1.0\], the configured one \[0.0, 2.0\]"):
        storage_of(1, 1, precision="uint8", **wide).load_state_dict(
            storage_of(1, 1, precision="uint8", **narrow).state_dict(0)
        )
