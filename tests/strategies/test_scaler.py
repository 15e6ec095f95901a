"""The scale is that of all rows while the stream is young; then it follows, and broken readings do not spoil it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.scaler import OnlineScaler

LIMIT = 20.0


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
    assert whole.is_like(parted)


def following(scaler: OnlineScaler, x: torch.Tensor, *, block: int = 32, carries: bool = True) -> torch.Tensor:
    """Absorb rows in blocks, and let the scale follow after each, as a learner does; return them scaled."""
    scaled = []
    for rows in x.split(block):
        scaled.append(scaler.absorb(rows))
        scaler.follow(carries=carries)
    return torch.cat(scaled)


def test_scaling_what_was_absorbed_gives_mean_zero_and_deviation_one() -> None:
    x = rows_of(0, 5120, location=-40.0, scale=7.0)
    scaler = OnlineScaler(3, half_life=None)
    following(scaler, x)
    scaled = scaler.scale(x)
    # A scale that is off by less than a twentieth stays where it is.
    assert scaled.mean(0).abs().max() < 0.06
    assert (scaled.std(0) - 1).abs().max() < 0.06


@pytest.mark.parametrize("value", [0.0, 1e-3, 0.1, -273.15, 1e9, 3e38])
def test_a_constant_column_is_centred_and_left_unscaled(value: float) -> None:
    scaler = OnlineScaler(1)
    x = torch.full((1000, 1), value)
    assert torch.equal(scaler.absorb(x), torch.zeros_like(x))
    assert scaler.deviation.tolist() == [1.0]
    assert torch.equal(scaler.scale(x), torch.zeros_like(x))


ANY_NUMBER = st.floats(width=32, allow_nan=False, allow_infinity=False)
EXTREMES = st.sampled_from([1e-40, 1e-45, 1e-38, 0.0, 3.4e38, -3.4e38, 1e20])


@settings(max_examples=150)
@given(
    values=st.lists(ANY_NUMBER | EXTREMES, min_size=1, max_size=30),
    limit=st.sampled_from([None, 100.0]),
    grown_up=st.booleans(),
)
def test_whatever_float32_holds_is_scaled_to_numbers(
    values: list[float], *, limit: float | None, grown_up: bool
) -> None:
    x = torch.tensor(values).unsqueeze(1)
    scaler = OnlineScaler(1, limit=limit)
    for part in (x.repeat(520 // len(x) + 1, 1) if grown_up else x).split(64):
        assert scaler.absorb(part).isfinite().all()
        scaler.follow(carries=True)
    assert scaler.scale(x).abs().max() < 1e6


def test_a_column_far_from_zero_keeps_its_variance() -> None:
    steps = torch.arange(-50, 51, dtype=torch.float32).repeat(20).unsqueeze(1)
    far = steps * 64 + 1e9  # float32 has steps of 64 there
    near, distant = OnlineScaler(1), OnlineScaler(1)
    torch.testing.assert_close(distant.absorb(far), near.absorb(steps), rtol=1e-5, atol=1e-5)
    assert distant.deviation.item() == pytest.approx(64 * near.deviation.item(), rel=1e-6)


def test_a_wild_first_row_does_not_blur_the_rest() -> None:
    x = torch.cat((torch.full((1, 3), 1e6), rows_of(1, 2_000, location=5.0)))
    scaler = OnlineScaler(3, limit=LIMIT)
    following(scaler, x)
    assert scaler.deviation == pytest.approx(np.ones(3), rel=0.1)
    torch.testing.assert_close(scaler.unscale(scaler.scale(x[1:])), x[1:])


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
    x = troubled(0)
    for stop in (20, 500, 600, 1_700, 2_500, 3_300):
        straight, resumed = OnlineScaler(3, limit=LIMIT), OnlineScaler(3, limit=LIMIT)
        following(straight, x[:stop])
        resumed.load_state_dict(straight.state_dict())
        assert torch.equal(straight.scale(x), resumed.scale(x))
        assert torch.equal(following(straight, x[stop:]), following(resumed, x[stop:]))
        assert straight.is_like(resumed)


# What a sensor says when it is broken, replaced, or set to another unit.


def troubled(seed: int, *, rows: int = 4_096) -> torch.Tensor:
    """Readings with a marker in the first column, another unit in the second, and a new range in the third."""
    x = rows_of(seed, rows, location=1_000.0, scale=10.0)
    x[1_600:1_900, 0] = -9_999.0
    x[2_000:, 1] *= 100
    x[3_000:, 2] = x[3_000:, 2] * 7 - 12_345
    return x


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32), sizes=st.lists(st.integers(1, 9), min_size=1, max_size=12))
def test_what_is_done_about_them_does_not_depend_on_how_rows_were_grouped(seed: int, sizes: list[int]) -> None:
    whole, parted = OnlineScaler(3, limit=LIMIT), OnlineScaler(3, limit=LIMIT)
    for block in troubled(seed).split(64):
        assert torch.equal(whole.absorb(block), in_parts(parted, block, sizes))
        one, other = whole.follow(carries=True), parted.follow(carries=True)
        assert (one is None) == (other is None)
    assert whole.is_like(parted)
    assert whole.limited == parted.limited > 0


@pytest.mark.parametrize("start", [0, 100, 700, 5_000])
@pytest.mark.parametrize("length", [1, 60, 300, 1_000])
@pytest.mark.parametrize("value", [-9_999.0, 1e30, 65_535.0])
def test_a_sensor_that_is_away_for_a_while_costs_its_feature_nothing_afterwards(
    start: int, length: int, value: float
) -> None:
    x = rows_of(1, 10_000, location=20.0, scale=3.0)
    x[start : start + length, 1] = value
    scaler = OnlineScaler(3, limit=LIMIT)
    scaled = following(scaler, x)
    after = scaled[start + length + 1_000 :]
    assert after[:, 1].std() == pytest.approx(1.0, rel=0.15)
    assert scaler.deviation[1] == pytest.approx(3.0, rel=0.1)


@pytest.mark.parametrize("factor_offset", [(100.0, 0.0), (0.001, 0.0), (1.0, 273.15), (3_600.0, 0.0), (0.01, 0.0)])
def test_another_unit_is_read_in_the_old_one(factor_offset: tuple[float, float]) -> None:
    factor, offset = factor_offset
    x = rows_of(2, 6_000, location=60.0, scale=2.0)
    x[3_100:, 0] = x[3_100:, 0] * factor + offset
    scaler = OnlineScaler(3, limit=LIMIT)
    scaled = following(scaler, x)
    old = rows_of(2, 6_000, location=60.0, scale=2.0)
    # Known after two stretches at the latest; then every reading means what it meant, the old ones too.
    torch.testing.assert_close(scaled[4_000:, 0], scaler.scale(old)[4_000:, 0], atol=0.1, rtol=0.05)
    torch.testing.assert_close(scaler.scale(x), scaler.scale(old), atol=0.01, rtol=0.01)


TEMPERATURES = [(1.8, 32.0), (1.0, 273.15), (1 / 1.8, -32 / 1.8), (1.8, -459.67)]


@pytest.mark.parametrize("factor_offset", TEMPERATURES)
@pytest.mark.parametrize("deviation", [1.0, 5.0, 12.0])
def test_a_temperature_is_read_in_the_old_unit_also_where_the_new_one_is_within_reach(
    factor_offset: tuple[float, float], deviation: float
) -> None:
    factor, offset = factor_offset
    centre = 290.0 if offset < -40 else 60.0
    old = rows_of(2, 6_000, location=centre, scale=deviation)
    x = old.clone()
    x[3_100:, 0] = x[3_100:, 0] * factor + offset
    scaler = OnlineScaler(3, limit=LIMIT)
    following(scaler, x)
    # Where both may be meant, the few that lie between are taken as they stand.
    right = (scaler.scale(x) - scaler.scale(old)).abs()[:, 0] < 0.05
    assert right[4_000:].float().mean() > 0.97
    assert right[:3_000].float().mean() > 0.97


def test_slow_readings_are_read_in_the_old_unit_by_where_they_were_last() -> None:
    days = torch.arange(12_000) / 2_000
    season = 15 + 10 * torch.sin(days)
    old = season.unsqueeze(1) + rows_of(0, 12_000)[:, :1]
    x = old.clone()
    x[8_100:] = x[8_100:] * 1.8 + 32
    scaler = OnlineScaler(1, limit=LIMIT)
    following(scaler, x)
    assert ((scaler.scale(x) - scaler.scale(old)).abs() < 0.05)[9_000:].float().mean() > 0.97


@pytest.mark.parametrize(("gain", "offset"), [(7.7, -900.0), (1.37, 900.0), (0.1, -40.0)])
def test_a_sensor_that_is_replaced_by_another_begins_anew(gain: float, offset: float) -> None:
    x = rows_of(3, 6_000, location=1_000.0, scale=1.0)
    x[3_100:, 0] = x[3_100:, 0] * gain + offset
    scaler = OnlineScaler(3, limit=LIMIT)
    scaled = following(scaler, x)
    assert scaled[4_200:, 0].std() == pytest.approx(1.0, rel=0.1)
    assert abs(float(scaled[4_200:, 0].mean())) < 0.2


@pytest.mark.parametrize(("summer", "spread"), [(25.0, 3.0), (25.0, 1.0), (13.0, 3.0), (60.0, 3.0), (86.0, 4.0)])
def test_a_season_that_is_far_from_another_stays_another(summer: float, spread: float) -> None:
    x = rows_of(9, 12_000, location=-5.0, scale=spread)
    x[4_000:8_000, 0] = rows_of(10, 4_000, location=summer, scale=spread)[:, 0]
    scaler = OnlineScaler(3, limit=LIMIT)
    for rows in x.split(32):
        scaler.absorb(rows)
        scaler.follow(carries=True)
        apart = scaler.scale(torch.full((1, 3), summer)) - scaler.scale(torch.full((1, 3), -5.0))
        assert apart[0, 0] > 1.0


@pytest.mark.parametrize("length", [200, 600, 1_500])
def test_a_sensor_that_is_all_noise_for_a_while_is_what_it_was_afterwards(length: int) -> None:
    old = rows_of(6, 8_000, location=1_000.0, scale=10.0)
    x = old.clone()
    x[3_100 : 3_100 + length, 0] = rows_of(7, length, scale=3_000.0)[:, 0]
    scaler = OnlineScaler(3, limit=LIMIT)
    scaled = following(scaler, x)
    after = 3_100 + length + 600
    assert scaled[after:, 0].std() == pytest.approx(1.0, rel=0.1)
    torch.testing.assert_close(scaler.scale(x)[after:], scaler.scale(old)[after:])


def test_the_sensor_of_one_machine_in_eight_may_change_its_unit() -> None:
    old = rows_of(8, 8_000, location=1_000.0, scale=10.0)
    x = old.clone()
    x[3_100::8, 0] *= 100
    scaler = OnlineScaler(3, limit=LIMIT)
    following(scaler, x)
    torch.testing.assert_close(scaler.scale(x), scaler.scale(old), atol=0.01, rtol=0.01)


def test_a_column_that_comes_and_goes_is_told_apart_in_the_end() -> None:
    x = rows_of(4, 20_000, location=0.0, scale=0.01)
    on = (torch.arange(20_000) // 1_500) % 2 == 1
    x[on, 0] = rows_of(5, 20_000, location=50.0, scale=5.0)[on, 0]
    scaler = OnlineScaler(3, limit=LIMIT)
    scaled = following(scaler, x)[15_000:, 0]
    assert scaled[on[15_000:]].min() > scaled[~on[15_000:]].max() + 1


def test_a_flag_that_first_comes_after_a_long_time_stays_within_reach() -> None:
    x = torch.zeros(60_000, 1)
    x[40_000::500] = 1.0
    scaler = OnlineScaler(1, limit=LIMIT)
    scaled = following(scaler, x)
    assert scaled.abs().max() <= LIMIT + 1e-3
    assert float(scaler.scale(torch.ones(1, 1)) - scaler.scale(torch.zeros(1, 1))) > 5


def test_statistics_fade_with_the_half_life() -> None:
    x = torch.cat((rows_of(0, 20_000), rows_of(1, 20_000, location=3.0)))
    for half_life, expected in ((2_000, 3.0), (None, 1.5)):
        scaler = OnlineScaler(3, limit=LIMIT, half_life=half_life)
        following(scaler, x)
        assert scaler.unscale(torch.zeros(1, 3)).flatten().tolist() == pytest.approx([expected] * 3, abs=0.15)


def test_a_scale_that_nobody_can_move_with_stays_once_the_stream_is_not_young() -> None:
    x = torch.cat((rows_of(0, 8_192), rows_of(1, 20_000, location=3.0)))
    scaler = OnlineScaler(3, limit=LIMIT)
    following(scaler, x[:8_192], carries=False)
    before = scaler.scale(x)
    following(scaler, x[8_192:], carries=False)
    assert torch.equal(scaler.scale(x), before)


def test_labels_are_never_read_in_another_unit() -> None:
    x = rows_of(2, 6_000, location=60.0, scale=2.0)
    x[3_000:] *= 100
    scaler = OnlineScaler(3, limit=LIMIT, replaced=False)
    following(scaler, x)
    torch.testing.assert_close(scaler.unscale(scaler.scale(x)), x, rtol=1e-3, atol=1e-1)


def test_without_a_limit_nothing_is_wild() -> None:
    x = rows_of(0, 6_000)
    x[5_000, 0] = 1e9
    scaler = OnlineScaler(3, half_life=None)
    scaled = following(scaler, x)
    assert scaler.limited == 0
    assert scaled.abs().max() > 1e6
    assert scaler.deviation[0] > 1e6
