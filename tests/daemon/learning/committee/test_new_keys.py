"""A row without a past is seen as that of a key which was never met."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from daemon.learning.committee.number_view_maker import NumberViewMaker
from daemon.learning.committee.views import ClassViews
from strategies.batch import Batch

ROWS, FEATURES, CLASSES = 6, 3, 4
OF_LABELS = {"label", "usable", "judged"}
"""What a block of numbers knows of its own labels; a row without a past has none."""


def block(*, first_key: int, seed: int, numbers: bool) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    y = torch.randn(ROWS, generator=generator)
    provenance = torch.zeros(ROWS, 4, dtype=torch.int64)
    provenance[:, 0] = first_key + torch.arange(ROWS)
    return Batch(
        x=torch.randn(ROWS, FEATURES, generator=generator),
        y=y if numbers else (y > 0).long(),
        task=torch.zeros(ROWS, dtype=torch.int64),
        provenance=provenance,
    )


@pytest.mark.parametrize("numbers", [False, True])
def test_it_is_seen_as_the_first_row_of_a_key(*, numbers: bool) -> None:
    chance = np.random.default_rng(0)
    views: ClassViews | NumberViewMaker = (
        NumberViewMaker(ROWS, features=FEATURES, generator=chance)
        if numbers
        else ClassViews(ROWS, features=FEATURES, classes=CLASSES, generator=chance)
    )
    for seed in range(3):
        before = block(first_key=10, seed=seed, numbers=numbers)
        views.add(before, before.x)
        views.learn()
    batch = block(first_key=90, seed=9, numbers=numbers)
    alone, met = views.of_new_keys(batch.x), views.add(batch, batch.x)
    for field in dataclasses.fields(alone):
        if field.name != "key" and (not numbers or field.name not in OF_LABELS):
            assert_equal(getattr(alone, field.name), getattr(met, field.name))


def assert_equal(one: object, other: object) -> None:
    if dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            assert_equal(getattr(one, field.name), getattr(other, field.name))
    else:
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
