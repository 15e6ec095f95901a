"""Every model of the table maps rows to outputs, learns, and refuses what it can't be."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError

from strategies import MODELS
from strategies.network import LayeredNetwork, network_of
from strategies.objective import Classification
from strategies.optimizers.adam import Adam
from strategies.options.optimizers.adam import AdamOptions


def model(options: dict[str, Any], *, features: int = 48, outputs: int = 5) -> torch.nn.Module:
    torch.manual_seed(0)
    kind: Any = MODELS[options["type"]].load()
    built: torch.nn.Module = kind(kind.Options(**options), features=features, outputs=outputs)
    return built


CASES: list[dict[str, Any]] = [
    {"type": "linear"},
    {"type": "mlp"},
    {"type": "mlp", "hidden": [9]},
    {"type": "mlp", "hidden": [9, 8, 7, 6]},
    {"type": "cnn", "shape": [3, 4, 4], "channels": [6]},
    {"type": "cnn", "shape": [1, 6, 8], "channels": [4, 5], "hidden": 10},
    {"type": "cnn1d", "shape": [3, 16], "channels": [6]},
    {"type": "cnn1d", "shape": [1, 48], "channels": [4, 5], "kernel": 3, "hidden": 10},
    {"type": "spectral", "shape": [3, 16], "frequencies": 8},
    {"type": "spectral", "shape": [1, 48], "frequencies": 20, "hidden": [9, 8]},
]


def test_every_model_of_the_table_is_tested() -> None:
    assert {case["type"] for case in CASES} == set(MODELS)


@pytest.mark.parametrize("options", CASES)
def test_it_maps_rows_to_outputs_and_learns_them(options: dict[str, Any]) -> None:
    network, objective = network_of(model(options)), Classification(5)
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(10, 48, generator=generator), torch.arange(10) % 5
    adam = Adam(AdamOptions(lr=0.02), parameters=len(network.parameters))
    for _ in range(100):
        _, delta = objective.loss(network.forward(x), y)
        network.backward(delta)
        adam.step(network.parameters, network.gradient)
    outputs = network.predict(x)
    assert outputs.shape == (10, 5)
    assert torch.equal(outputs.argmax(1), y)


@pytest.mark.parametrize("options", [{"type": "linear"}, {"type": "mlp"}])
def test_models_of_linear_layers_are_differentiated_by_hand(options: dict[str, Any]) -> None:
    assert type(network_of(model(options))) is LayeredNetwork


def test_a_linear_model_starts_undecided() -> None:
    assert not network_of(model({"type": "linear"})).predict(torch.randn(3, 48)).any()


def test_a_cnn_sees_the_row_as_an_image() -> None:
    """A shift of the image by two pixels in each direction is a shift of its features by one."""
    layers = list(model({"type": "cnn", "shape": [1, 12, 12], "channels": [3]}, features=144).children())
    convolutions = torch.nn.Sequential(*layers[:4])
    image = torch.zeros(1, 12, 12)
    image[0, 4:7, 4:7] = torch.rand(3, 3)
    features, shifted = (convolutions(x.reshape(1, -1)) for x in (image, image.roll((2, 2), (1, 2))))
    torch.testing.assert_close(features.roll((1, 1), (2, 3)), shifted)


def test_a_cnn_refuses_rows_of_another_width() -> None:
    with pytest.raises(ValueError, match=r"model\.shape \[1, 28, 28\] means 784 features, a row has 48"):
        model({"type": "cnn"})


def test_a_cnn_refuses_more_halvings_than_the_image_has() -> None:
    with pytest.raises(ValueError, match=r"model\.channels: 3 halvings leave nothing of \(3, 4, 4\)"):
        model({"type": "cnn", "shape": [3, 4, 4], "channels": [2, 2, 2]})


def test_a_cnn1d_sees_the_row_as_a_window_of_channels() -> None:
    """A shift in time by two is a shift of the features by one, and no channel's time runs into the next one's."""
    layers = list(model({"type": "cnn1d", "shape": [3, 16], "channels": [4], "kernel": 3}).children())
    convolutions = torch.nn.Sequential(*layers[:4])
    window = torch.zeros(3, 16)
    window[:, 6:9] = torch.rand(3, 3)
    features, shifted = (convolutions(x.reshape(1, -1)) for x in (window, window.roll(2, 1)))
    torch.testing.assert_close(features.roll(1, 3), shifted)
    assert features.shape == (1, 4, 1, 8)
    assert not torch.equal(features, convolutions(window.roll(1, 0).reshape(1, -1)))


def test_a_cnn1d_refuses_rows_of_another_width() -> None:
    with pytest.raises(ValueError, match=r"model\.shape \[1, 128\] means 128 features, a row has 48"):
        model({"type": "cnn1d"})


def test_a_cnn1d_refuses_more_halvings_than_the_window_has() -> None:
    with pytest.raises(ValueError, match=r"model\.channels: 3 halvings leave nothing of length 6"):
        model({"type": "cnn1d", "shape": [8, 6], "channels": [2, 2, 2]})


def test_a_spectral_model_sees_level_strength_and_frequency_of_each_channel() -> None:
    """A wave of five turns a window, twice as strong in the second channel, and a level in the third."""
    time = torch.arange(64) / 64
    wave = torch.sin(2 * torch.pi * 5 * time)
    row = torch.cat([wave, 2 * wave, torch.full((64,), 3.0)]).reshape(1, -1)
    options = {"type": "spectral", "shape": [3, 64], "frequencies": 32}
    (seen,) = next(iter(model(options, features=192).children()))(row)
    means, variances, powers = seen[:3], seen[3:6].exp(), seen[6:].reshape(3, 32).exp()
    torch.testing.assert_close(means, torch.tensor([0.0, 0.0, 3.0]), atol=1e-5, rtol=0)
    torch.testing.assert_close(variances, torch.tensor([0.6, 2.1, 0.1]), atol=1e-4, rtol=0)
    assert powers[0].argmax() == powers[1].argmax() == 4
    # Hann's weights sum to half the length: a sine's power is (64 / 4) ** 2 / 64.
    torch.testing.assert_close(powers[:, 4], torch.tensor([5.0, 17.0, 1.0]), atol=1e-3, rtol=0)


def test_a_spectral_model_refuses_rows_of_another_width() -> None:
    with pytest.raises(ValueError, match=r"model\.shape \[1, 128\] means 128 features, a row has 48"):
        model({"type": "spectral"})


def test_a_spectral_model_refuses_more_frequencies_than_the_window_has() -> None:
    with pytest.raises(ValueError, match=r"model\.frequencies: a window of length 16 has 8, not 9"):
        model({"type": "spectral", "shape": [3, 16], "frequencies": 9})


@pytest.mark.parametrize(
    "options",
    [
        {"type": "mlp", "hidden": []},
        {"type": "spectral", "frequencies": 0},
        {"type": "mlp", "hidden": [0]},
        {"type": "mlp", "depth": 3},
        {"type": "cnn", "channels": []},
        {"type": "cnn1d", "kernel": 4},
        {"type": "linear", "hidden": [3]},
    ],
)
def test_options_that_make_no_model_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MODELS[options["type"]].Options(**options)
