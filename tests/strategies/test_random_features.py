from __future__ import annotations

import numpy as np
import pytest
import torch

from strategies.random_features import NestedColumns, RandomFeatures


def test_they_are_relu_of_a_random_map_whose_size_does_not_depend_on_how_many_there_are() -> None:
    x = torch.randn(200, 50, generator=torch.Generator().manual_seed(0))
    lengths = []
    for count in (100, 4_000):
        features = RandomFeatures(50, features=count, generator=np.random.default_rng(1))
        found = features(x)
        torch.testing.assert_close(found, (x @ features.mix + features.shift).relu())
        lengths.append(float(found.square().sum(1).mean()))
    # 16 · E[relu(z)²] with z ~ N(0, |x|²/d + ¼) is 10.
    assert lengths == pytest.approx([10.0, 10.0], rel=0.15)


def test_the_same_generator_makes_the_same_ones_and_a_state_any_others() -> None:
    x = torch.ones(2, 3)
    one, same, other = (RandomFeatures(3, features=5, generator=np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert torch.equal(one(x), same(x))
    assert not torch.equal(one(x), other(x))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(x), other(x))


def test_a_gain_is_a_factor_on_the_inputs_alone() -> None:
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    one, other = (
        RandomFeatures(3, features=5, generator=np.random.default_rng(0), gain=gain) for gain in (1.0, 5.0)
    )
    torch.testing.assert_close(one(5 * x), other(x))


def test_a_state_of_another_shape_is_refused() -> None:
    one, other = (RandomFeatures(3, features=count, generator=np.random.default_rng(0)) for count in (5, 6))
    with pytest.raises(ValueError, match=r"random features are \(3, 5\) .* the configured ones \(3, 6\)"):
        other.load_state_dict(one.state_dict())


def test_the_columns_of_a_view_are_the_first_of_the_next() -> None:
    parts = [torch.randn(4, width, generator=torch.Generator().manual_seed(width)) for width in (2, 3)]
    nested = NestedColumns([2, 3], features=[5, 6], generator=np.random.default_rng(0))
    narrow = NestedColumns([2], features=[5], generator=np.random.default_rng(0))
    columns = nested(parts)
    assert nested.views == [8, 17]
    assert columns.shape == (4, 17)
    assert torch.equal(columns[:, :8], narrow(parts[:1]))
    assert torch.equal(columns[:, 8:11], parts[1])
    assert torch.equal(columns[:, 11:], nested.random[1](torch.cat(parts, 1)))


def test_nested_columns_are_taken_up_from_a_state() -> None:
    parts = [torch.ones(1, 2), torch.ones(1, 3)]
    one, other = (NestedColumns([2, 3], features=[5, 0], generator=np.random.default_rng(n)) for n in (0, 1))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(parts), other(parts))
