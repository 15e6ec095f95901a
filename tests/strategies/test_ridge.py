from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.ridge import StreamingRidge

if TYPE_CHECKING:
    from random import Random

    from torch import Tensor

COLUMNS, OUTPUTS = 7, 3


def rows_of(seed: int, rows: int = 300, *, columns: int = COLUMNS) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    phi = torch.randn(rows, columns, generator=generator)
    phi[:, 0] = 1
    targets = phi @ torch.randn(columns, OUTPUTS, generator=generator)
    return phi, targets + 0.1 * torch.randn(rows, OUTPUTS, generator=generator)


def taught(
    phi: Tensor, targets: Tensor, *, sizes: list[int], ridge: StreamingRidge | None = None
) -> StreamingRidge:
    ridge = ridge or StreamingRidge([phi.shape[1]], outputs=targets.shape[1])
    start, turn = 0, 0
    while start < len(phi):
        stop = start + sizes[turn % len(sizes)]
        assert ridge.absorb(phi[start:stop], targets[start:stop])
        start, turn = stop, turn + 1
    return ridge


def expected(phi: Tensor, targets: Tensor, *, ridge: float, forgetting: float = 1.0) -> Tensor:
    """The normal equations, solved by numpy over all rows at once."""
    x, y = phi.double().numpy(), targets.double().numpy()
    weight = forgetting ** np.arange(len(x) - 1, -1, -1)[:, None]
    weights = np.linalg.solve((weight * x).T @ x + ridge * np.eye(x.shape[1]), (weight * x).T @ y)
    return torch.from_numpy(weights).float()


@pytest.mark.parametrize(("single", "tolerance"), [(False, 1e-6), (True, 1e-4)])
@pytest.mark.parametrize("forgetting", [1.0, 0.99])
@pytest.mark.parametrize("sizes", [[1], [8], [5, 17], [300]])
def test_the_weights_are_those_of_ridge_regression_on_all_rows_at_once(
    forgetting: float, sizes: list[int], *, single: bool, tolerance: float
) -> None:
    phi, targets = rows_of(0)
    ridge = StreamingRidge([COLUMNS], outputs=OUTPUTS, forgetting=forgetting, ridge=2.0, single=single)
    taught(phi, targets, sizes=sizes, ridge=ridge).solve()
    at_once = expected(phi, targets, ridge=2.0, forgetting=forgetting)
    torch.testing.assert_close(ridge.weights[0], at_once, rtol=2 * tolerance, atol=tolerance)
    torch.testing.assert_close(ridge.outputs(phi)[0], phi @ ridge.weights[0])


def test_each_view_is_the_regression_on_its_columns_alone() -> None:
    phi, targets = rows_of(1)
    ridge = taught(phi, targets, sizes=[16], ridge=StreamingRidge([2, 5, COLUMNS], outputs=OUTPUTS))
    ridge.solve()
    for view, weights, outputs in zip([2, 5, COLUMNS], ridge.weights, ridge.outputs(phi), strict=True):
        torch.testing.assert_close(weights, expected(phi[:, :view], targets, ridge=1.0))
        torch.testing.assert_close(outputs, phi[:, :view] @ weights)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 999), order=st.randoms(use_true_random=False))
def test_the_order_of_events_makes_no_difference_but_for_rounding(seed: int, order: Random) -> None:
    phi, targets = rows_of(seed, rows=120)
    places = list(range(len(phi)))
    order.shuffle(places)
    one, other = taught(phi, targets, sizes=[8]), taught(phi[places], targets[places], sizes=[8])
    one.solve()
    other.solve()
    torch.testing.assert_close(one.parameters, other.parameters, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(one.state_dict()["gram"], other.state_dict()["gram"], rtol=1e-12, atol=1e-12)


def test_two_that_learned_apart_are_merged_into_one_that_learned_all() -> None:
    phi, targets = rows_of(2)
    whole = taught(phi, targets, sizes=[10])
    whole.solve()
    one, other = taught(phi[:100], targets[:100], sizes=[10]), taught(phi[100:], targets[100:], sizes=[10])
    one.merge(other)
    assert one.events == whole.events
    torch.testing.assert_close(one.parameters, whole.parameters)
    fresh = StreamingRidge([COLUMNS], outputs=OUTPUTS)
    fresh.merge(whole)
    fresh.merge(StreamingRidge([COLUMNS], outputs=OUTPUTS))
    assert torch.equal(fresh.parameters, whole.parameters)


def test_weights_change_at_times_that_follow_from_the_count_of_events_alone() -> None:
    phi, targets = rows_of(3, rows=1_000)
    ridge = StreamingRidge([COLUMNS], outputs=OUTPUTS, solve_every=40)
    solved = []
    for start in range(0, len(phi), 4):
        before = ridge.parameters.clone()
        ridge.absorb(phi[start : start + 4], targets[start : start + 4])
        if not torch.equal(before, ridge.parameters):
            solved.append(ridge.events)
            assert ridge.unsolved == 0
    assert solved[:5] == [4, 8, 12, 16, 20], "at once while young"
    late = np.diff([event for event in solved if event > 700])
    assert set(late) == {40}, "every 40 events later on"


STREAMS = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10_000),
        "rows": st.sampled_from([3, 40, 400]),
        "constant": st.floats(-1e4, 1e4, width=32),
        "offset": st.sampled_from([0.0, 1e3, -1e5]),
        "scale": st.sampled_from([1e-6, 1.0, 1e6]),
        "forgetting": st.sampled_from([1.0, 0.9995, 0.5]),
        "ridge": st.sampled_from([1e-6, 1.0]),
    }
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(stream=STREAMS)
def test_constant_collinear_and_far_off_columns_leave_it_finite_and_no_worse_than_saying_nothing(
    stream: dict[str, float],
) -> None:
    phi, targets = rows_of(int(stream["seed"]), rows=int(stream["rows"]))
    awkward = [
        phi,
        torch.full((len(phi), 1), stream["constant"]),
        torch.zeros(len(phi), 1),
        phi[:, 1:2] + phi[:, 2:3],
        phi[:, 3:4] * stream["scale"],
        phi[:, 4:5] + stream["offset"],
        phi[:, 4:5] * 2 + stream["offset"],
    ]
    columns = torch.cat(awkward, 1)
    ridge = StreamingRidge(
        [COLUMNS, columns.shape[1]], outputs=OUTPUTS, forgetting=stream["forgetting"], ridge=stream["ridge"]
    )
    taught(columns, targets, sizes=[8], ridge=ridge)
    assert ridge.solve(), "the sums could be factorised"
    for outputs in ridge.outputs(columns):
        recent = slice(-8, None)
        assert bool(outputs.isfinite().all())
        silent = targets[recent].square().mean()
        assert (outputs[recent] - targets[recent]).square().mean() <= 1.01 * silent + 1e-3


def test_sums_of_ten_million_events_are_still_solved() -> None:
    """As many events are there as if the same block had come again and again: the sums are what they would be."""
    phi, targets = rows_of(5, rows=1_000)
    phi = torch.cat([phi, phi[:, 1:2], torch.full((len(phi), 1), 30.0)], 1)
    ridge = StreamingRidge([phi.shape[1]], outputs=OUTPUTS, solve_every=1_000_000)
    ridge.absorb(phi, targets)
    for _ in range(14):
        ridge.merge(ridge)
    assert ridge.events > 10_000_000
    for _ in range(2_000):
        ridge.absorb(phi, targets)
    assert ridge.solve()
    exact = expected(phi[:, :COLUMNS], targets, ridge=0.0)
    torch.testing.assert_close(ridge.outputs(phi)[0], phi[:, :COLUMNS] @ exact, rtol=1e-3, atol=1e-3)


def test_with_forgetting_nothing_winds_up_where_the_inputs_stand_still() -> None:
    phi, targets = rows_of(6)
    ridge = StreamingRidge([COLUMNS], outputs=OUTPUTS, forgetting=0.99)
    taught(phi, targets, sizes=[10], ridge=ridge)
    still = phi[:1].expand(10, -1).clone()
    for _ in range(2_000):
        ridge.absorb(still, targets[:1].expand(10, -1))
    assert bool(ridge.parameters.isfinite().all())
    assert float(ridge.parameters.norm()) < 10 * float(targets[0].norm())


@pytest.mark.parametrize("poison", [float("nan"), float("inf"), 3e38])
@pytest.mark.parametrize("where", ["columns", "targets"])
@pytest.mark.parametrize("single", [False, True])
def test_what_is_not_finite_changes_nothing(poison: float, where: str, *, single: bool) -> None:
    phi, targets = rows_of(7)
    ridge = StreamingRidge([COLUMNS], outputs=OUTPUTS, single=single)
    taught(phi, targets, sizes=[8], ridge=ridge)
    before = deepcopy(ridge.state_dict())
    broken = {"columns": phi[:8].clone(), "targets": targets[:8].clone()}
    broken[where][3, 1] = poison
    assert not ridge.absorb(broken["columns"], broken["targets"])
    after = ridge.state_dict()
    assert all(
        torch.equal(after[name], value) if isinstance(value, torch.Tensor) else after[name] == value
        for name, value in before.items()
    )


def test_sums_that_cannot_be_factorised_leave_the_weights_as_they_were() -> None:
    phi, targets = rows_of(8)
    ridge = taught(phi, targets, sizes=[8])
    before = ridge.parameters.clone()
    state = deepcopy(ridge.state_dict())
    state["gram"].fill_(float("nan"))
    ridge.load_state_dict(state)
    assert not ridge.solve()
    assert torch.equal(ridge.parameters, before)


def test_a_restored_one_goes_on_bit_for_bit() -> None:
    phi, targets = rows_of(9)
    straight = taught(phi[:150], targets[:150], sizes=[7])
    resumed = StreamingRidge([COLUMNS], outputs=OUTPUTS)
    resumed.load_state_dict(deepcopy(straight.state_dict()))
    for ridge in (straight, resumed):
        taught(phi[150:], targets[150:], sizes=[7], ridge=ridge)
    for name, value in straight.state_dict().items():
        assert torch.equal(torch.as_tensor(resumed.state_dict()[name]), torch.as_tensor(value)), name


def test_before_the_first_event_there_are_no_sums_to_keep() -> None:
    fresh = StreamingRidge([COLUMNS], outputs=OUTPUTS)
    assert fresh.state_dict()["gram"].numel() == 0
    assert not fresh.outputs(rows_of(0)[0])[0].any()
    other = StreamingRidge([COLUMNS], outputs=OUTPUTS)
    other.load_state_dict(fresh.state_dict())
    assert other.absorb(*rows_of(0))


@pytest.mark.parametrize(("columns", "outputs"), [(COLUMNS + 1, OUTPUTS), (COLUMNS, OUTPUTS + 1)])
def test_a_state_of_other_columns_or_outputs_is_refused(columns: int, outputs: int) -> None:
    state = taught(*rows_of(0), sizes=[50]).state_dict()
    with pytest.raises(ValueError, match=f"the configured one {columns * outputs} on {columns} for {outputs}"):
        StreamingRidge([columns], outputs=outputs).load_state_dict(state)


@given(
    seed=st.integers(0, 1_000),
    gone=st.sets(st.integers(0, 299), min_size=1, max_size=250),
    size=st.integers(1, 40),
)
@settings(max_examples=30, deadline=None)
def test_rows_that_are_taken_out_leave_what_never_saw_them(seed: int, gone: set[int], size: int) -> None:
    phi, targets = rows_of(seed)
    index = torch.tensor(sorted(gone))
    kept = torch.tensor([row for row in range(len(phi)) if row not in gone])
    ridge = taught(phi, targets, sizes=[size])
    ridge.downdate(phi[index], targets[index])
    never = taught(phi[kept], targets[kept], sizes=[size])
    never.solve()
    assert ridge.events == never.events
    for name, value in never.state_dict().items():
        if isinstance(value, torch.Tensor):
            close = torch.allclose(ridge.state_dict()[name].double(), value.double(), rtol=1e-6, atol=1e-6)
            assert close, name


def test_sums_that_fade_are_not_downdated() -> None:
    phi, targets = rows_of(10)
    ridge = StreamingRidge([COLUMNS], outputs=OUTPUTS, forgetting=0.99)
    taught(phi, targets, sizes=[8], ridge=ridge)
    with pytest.raises(ValueError, match="cannot be downdated"):
        ridge.downdate(phi[:1], targets[:1])
