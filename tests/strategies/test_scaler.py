"""The running standardisation knows what numpy knows of all rows so far, however they came."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.scaler import OnlineScaler


def rows_of(seed: int, rows: int, *, location: float = 0.0, scale: float = 1.0) -> torch.Tensor:
    values = np.random.default_rng(seed).normal(location, scale, (rows, 3))
    return torch.from_numpy(values.astype(np.float32))


def in_parts(scaler: OnlineScaler, x: torch.Tensor, sizes: list[int]) -> torch.Tensor:
    ends = np.minimum(np.cumsum([*sizes, len(x)]), len(x)).tolist()
    return torch.cat([scaler.absorb(x[start:end]) for start, end in zip([0, *ends], ends, strict=False)])


@settings(max_examples=50)
@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(2, 60),
    location=st.floats(-1e6, 1e6),
    scale=st.floats(1e-2, 1e4),
)
def test_rows_are_scaled_by_mean_and_deviation_of_all_that_was_seen(
    seed: int, rows: int, location: float, scale: float
) -> None:
    x = rows_of(seed, rows, location=location, scale=scale)
    scaler = OnlineScaler(3)
    scaled = scaler.absorb(x).numpy()
    seen = x.numpy().astype(np.float64)
    for n in range(2, rows + 1):
        deviation = seen[:n].std(0)
        varied = deviation > 0
        expected = (seen[n - 1] - seen[:n].mean(0)) / np.where(varied, deviation, 1)
        np.testing.assert_allclose(scaled[n - 1], expected, rtol=1e-4, atol=1e-4)
    assert scaler.count == rows
    np.testing.assert_allclose(scaler.deviation[varied], seen.std(0)[varied], rtol=1e-5)


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32), rows=st.integers(1, 40), sizes=st.lists(st.integers(0, 9), max_size=12))
def test_statistics_do_not_depend_on_how_rows_were_grouped(seed: int, rows: int, sizes: list[int]) -> None:
    x = rows_of(seed, rows, location=100.0)
    whole, parted = OnlineScaler(3), OnlineScaler(3)
    assert torch.equal(whole.absorb(x), in_parts(parted, x, sizes))
    probe = rows_of(seed + 1, 5)
    assert torch.equal(whole.scale(probe), parted.scale(probe))
    assert all(
        np.array_equal(one, other)
        for one, other in zip(whole.state_dict().values(), parted.state_dict().values(), strict=True)
    )


def test_scaling_what_was_absorbed_gives_mean_zero_and_deviation_one() -> None:
    x = rows_of(0, 5000, location=-40.0, scale=7.0)
    scaler = OnlineScaler(3)
    scaler.absorb(x)
    scaled = scaler.scale(x)
    assert scaled.mean(0).abs().max() < 1e-4
    assert (scaled.std(0) - 1).abs().max() < 1e-3


@pytest.mark.parametrize("value", [0.0, 1e-3, 0.1, -273.15, 1e9, 3e38])
def test_a_constant_column_is_centred_and_left_unscaled(value: float) -> None:
    scaler = OnlineScaler(1)
    x = torch.full((1000, 1), value)
    assert torch.equal(scaler.absorb(x), torch.zeros_like(x))
    assert scaler.deviation.tolist() == [1.0]
    assert torch.equal(scaler.scale(x), torch.zeros_like(x))


def test_a_column_far_from_zero_keeps_its_variance() -> None:
    steps = torch.arange(-50, 51, dtype=torch.float32).repeat(20).unsqueeze(1)
    far = steps * 64 + 1e9  # float32 has steps of 64 there
    near, distant = OnlineScaler(1), OnlineScaler(1)
    torch.testing.assert_close(distant.absorb(far), near.absorb(steps), rtol=1e-5, atol=1e-5)
    assert distant.deviation.item() == pytest.approx(64 * near.deviation.item(), rel=1e-6)


def test_a_wild_first_row_does_not_blur_the_rest() -> None:
    x = torch.cat((torch.full((1, 3), 1e6), rows_of(1, 20_000, location=5.0)))
    scaler = OnlineScaler(3)
    scaler.absorb(x)
    spread = scaler.unscale(scaler.scale(x[1:]))
    torch.testing.assert_close(spread, x[1:], rtol=0, atol=1e-2)


def test_unscale_is_the_inverse_of_scale() -> None:
    scaler = OnlineScaler(3)
    scaler.absorb(rows_of(0, 100, location=1e4, scale=30.0))
    x = rows_of(1, 20, location=1e4, scale=30.0)
    torch.testing.assert_close(scaler.unscale(scaler.scale(x)), x)


def test_before_the_first_row_nothing_is_scaled() -> None:
    x = rows_of(0, 4)
    scaler = OnlineScaler(3)
    assert torch.equal(scaler.scale(x), x)
    assert len(scaler.absorb(x[:0])) == 0
    assert scaler.count == 0


def test_a_restored_scaler_goes_on_bit_for_bit() -> None:
    x = rows_of(0, 50, location=1e3)
    straight, resumed = OnlineScaler(3), OnlineScaler(3)
    straight.absorb(x[:20])
    resumed.load_state_dict(straight.state_dict())
    assert torch.equal(straight.scale(x), resumed.scale(x))
    assert torch.equal(straight.absorb(x[20:]), resumed.absorb(x[20:]))
    assert torch.equal(straight.scale(x), resumed.scale(x))


# What a sensor says when it is broken.


def with_wild_values(seed: int, rows: int, places: list[int], value: float) -> torch.Tensor:
    x = rows_of(seed, rows, location=20.0, scale=3.0)
    x[places, 1] = value
    return x


@settings(max_examples=50)
@given(
    seed=st.integers(0, 2**32),
    places=st.lists(st.integers(900, 1_199), max_size=6, unique=True),
    value=st.sampled_from([1e30, -1e9, 3e38, 500.0, 315.0]),
    sizes=st.lists(st.integers(0, 400), max_size=12),
)
def test_wild_values_are_limited_alike_however_rows_were_grouped(
    seed: int, places: list[int], value: float, sizes: list[int]
) -> None:
    x = with_wild_values(seed, 1_200, places, value)
    whole, parted, one_by_one = (OnlineScaler(3, limit=100.0) for _ in range(3))
    scaled = whole.absorb(x)
    assert torch.equal(scaled, in_parts(parted, x, sizes))
    assert torch.equal(scaled, in_parts(one_by_one, x, [1] * len(x)))
    for other in (parted, one_by_one):
        assert other.limited == whole.limited
        assert np.array_equal(other.state_dict()["sums"], whole.state_dict()["sums"])
        assert torch.equal(other.scale(x), whole.scale(x))


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), heavy=st.booleans())
def test_what_is_not_wild_is_scaled_to_the_same_bits_as_without_a_limit(seed: int, *, heavy: bool) -> None:
    x = rows_of(seed, 3_000, location=-7.0, scale=30.0)
    if heavy:
        x[1_500:, 0] += 90 * 30.0  # far, but within reach
    limited, free = OnlineScaler(3, limit=100.0), OnlineScaler(3)
    assert torch.equal(limited.absorb(x), free.absorb(x))
    assert torch.equal(limited.scale(x), free.scale(x))
    assert limited.limited == 0


@pytest.mark.parametrize("value", [1e30, -1e12, 3e38])
def test_one_absurd_value_does_not_take_the_column_away(value: float) -> None:
    x = with_wild_values(0, 20_000, [10_000], value)
    scaler = OnlineScaler(3, limit=100.0)
    scaled = scaler.absorb(x)
    assert scaler.limited == 1
    assert scaled.abs().max() < 100
    assert scaler.scale(x).abs().max() < 101
    assert scaler.deviation[1] == pytest.approx(3.0, rel=0.3)
    spoilt = OnlineScaler(3)
    spoilt.absorb(x)
    assert spoilt.deviation[1] > 1e6


def test_before_there_are_enough_rows_nothing_is_called_wild() -> None:
    x = with_wild_values(0, 1_000, [999], 1e9)
    limited, free = OnlineScaler(3, limit=100.0), OnlineScaler(3)
    assert torch.equal(limited.absorb(x), free.absorb(x))


def test_a_column_that_begins_to_vary_is_not_limited() -> None:
    x = torch.cat((torch.zeros(2_000, 1), torch.tensor([[1e6], [-1e6], [1e6]])))
    scaler = OnlineScaler(1, limit=100.0)
    assert torch.equal(scaler.absorb(x), OnlineScaler(1).absorb(x))
    assert scaler.limited == 0


def test_a_column_that_changes_its_unit_is_followed() -> None:
    x = torch.cat((rows_of(0, 5_000), rows_of(1, 2_000, location=1e5, scale=1e3)))
    scaler = OnlineScaler(3, limit=100.0)
    scaled = scaler.absorb(x)
    assert 0 < scaler.limited < 3 * 500
    assert scaled[-1_000:].abs().max() < 10
    assert scaler.deviation == pytest.approx(np.full(3, 4.5e4), rel=0.3)


def test_a_restored_scaler_has_the_same_reach() -> None:
    x = with_wild_values(0, 3_000, [2_500, 2_700], 1e20)
    straight, resumed = OnlineScaler(3, limit=100.0), OnlineScaler(3, limit=100.0)
    straight.absorb(x[:2_000])
    resumed.load_state_dict(straight.state_dict())
    assert torch.equal(straight.scale(x), resumed.scale(x))
    assert torch.equal(straight.absorb(x[2_000:]), resumed.absorb(x[2_000:]))
