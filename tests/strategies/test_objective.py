"""Loss and gradient are those of torch's own autograd; answers are in the label's terms."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from strategies.objective import Classification, Regression

SHAPES = {"seed": st.integers(0, 2**32), "rows": st.integers(1, 70), "scale": st.sampled_from([1e-3, 1.0, 30.0])}


def normal(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def classes(seed: int, rows: int, width: int) -> torch.Tensor:
    return torch.randint(0, width, (rows,), generator=torch.Generator().manual_seed(seed))


@settings(max_examples=50)
@given(width=st.integers(1, 20), **SHAPES)
def test_classification_loss_and_gradient_are_those_of_cross_entropy(
    seed: int, rows: int, scale: float, width: int
) -> None:
    outputs = (normal(seed, rows, width) * scale).requires_grad_()
    y = classes(seed, rows, width)
    expected = F.cross_entropy(outputs, y)
    (slope,) = torch.autograd.grad(expected, outputs)
    loss, gradient = Classification(width).loss(outputs.detach(), y)
    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(gradient, slope)


@settings(max_examples=50)
@given(**SHAPES)
def test_regression_loss_and_gradient_are_those_of_half_the_squared_error(
    seed: int, rows: int, scale: float
) -> None:
    outputs = (normal(seed, rows, 1) * scale).requires_grad_()
    y = normal(seed + 1, rows)
    expected = 0.5 * F.mse_loss(outputs.squeeze(1), y)
    (slope,) = torch.autograd.grad(expected, outputs)
    loss, gradient = Regression(standardise=False).loss(outputs.detach(), y)
    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(gradient, slope)


@pytest.mark.parametrize("logits", [[0.0, 1e30], [1e30, -1e30], [-3e38, -3e38], [88.0, -120.0]])
@pytest.mark.parametrize("label", [0, 1])
def test_extreme_logits_have_a_finite_loss_and_gradient(logits: list[float], label: int) -> None:
    loss, gradient = Classification(2).loss(torch.tensor([logits]), torch.tensor([label]))
    assert torch.isfinite(loss)
    assert torch.isfinite(gradient).all()
    assert gradient.sum().abs() < 1e-6


def test_the_outputs_are_left_as_they_were() -> None:
    outputs = normal(0, 5, 3)
    before = outputs.clone()
    Classification(3).loss(outputs, classes(0, 5, 3))
    assert torch.equal(outputs, before)
    single = outputs[:, :1].clone()
    Regression(standardise=False).loss(single, normal(1, 5))
    assert torch.equal(single, before[:, :1])


def test_an_answer_is_the_likeliest_class_with_its_probability() -> None:
    answer = Classification(3).answer(torch.tensor([[0.0, 2.0, 1.0], [5.0, 5.0, 9.0]]))
    assert answer.value.tolist() == [1, 2]
    assert answer.confidence is not None
    assert answer.confidence[0].item() == pytest.approx(0.6652, abs=1e-4)


def test_a_class_that_is_not_known_yet_is_never_the_answer() -> None:
    outputs = torch.tensor([[0.0, 2.0, 9.0]])
    answer = Classification(3).answer(outputs, known=2)
    assert answer.value.tolist() == [1]
    assert answer.confidence is not None
    assert answer.confidence.item() == pytest.approx(torch.softmax(outputs[:, :2], 1).max().item())


def test_regression_answers_in_the_targets_own_units() -> None:
    objective = Regression(standardise=True)
    y = torch.tensor([990.0, 1010.0, 1000.0, 1040.0, 960.0])
    objective.absorb(y)
    answer = objective.answer(torch.tensor([[0.0], [1.0]]))
    assert answer.confidence is None
    assert answer.value.tolist() == pytest.approx([1000.0, 1000.0 + y.std(unbiased=False).item()])


def test_a_perfect_regression_answer_has_no_loss_in_any_units() -> None:
    objective = Regression(standardise=True)
    y = normal(0, 40) * 500 + 3e4
    objective.absorb(y)
    outputs = ((y - y.mean()) / y.std(unbiased=False)).unsqueeze(1)
    loss, gradient = objective.loss(outputs, y)
    assert loss < 1e-6
    assert gradient.abs().max() < 1e-4
    torch.testing.assert_close(objective.answer(outputs).value, y)


def test_the_targets_scale_survives_a_restart() -> None:
    straight, resumed = Regression(standardise=True), Regression(standardise=True)
    straight.absorb(normal(0, 40) * 7 + 3)
    resumed.load_state_dict(straight.state_dict())
    outputs, y = normal(1, 4, 1), normal(2, 4)
    assert torch.equal(straight.loss(outputs, y)[1], resumed.loss(outputs, y)[1])
    assert torch.equal(straight.answer(outputs).value, resumed.answer(outputs).value)
