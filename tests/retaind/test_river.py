"""The estimators keep river's conventions, by river's own checks."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import torch
from river import checks, datasets

from retaind.river import Model, NumberModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIGHT: dict[str, Any] = {
    "strategies": [],
    "committee": None,
    "model": {"type": "linear"},
    "companions": {"naive": None, "frozen": None},
}
"""The checks ask about conventions; what learns makes no difference to them."""
_LONG = "check_bounded_memory_growth"


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def once_each(model: Any) -> Iterator[Callable[[Any], None]]:
    """River's checks, each on the first of its data sets; `check_estimator` takes a minute for all."""
    seen = {_LONG} if isinstance(model, Model) else set()
    for check in checks.yield_checks(model):
        if check.__name__ not in seen:
            seen.add(check.__name__)
            yield check


@pytest.mark.parametrize(
    ("model", "check"),
    [
        pytest.param(kind, check, id=f"{kind.__name__}-{check.__name__}")
        for kind in (Model, NumberModel)
        for check in once_each(kind(LIGHT))
    ],
)
def test_it_keeps_rivers_conventions(model: type[Any], check: Callable[[Any], None]) -> None:
    check(model(LIGHT))


def test_many_classes_are_told_by_the_labels_that_were_given() -> None:
    model = Model(LIGHT)
    stream = list(datasets.ImageSegments().take(150))
    for x, y in stream:
        model.learn_one(x, y)
    chances = model.predict_proba_one(stream[0][0])
    assert set(chances) == {y for _, y in stream}
    assert model.predict_one(stream[0][0]) in chances


def test_a_copy_goes_on_as_the_original_does() -> None:
    model, stream = Model(), list(datasets.Phishing().take(120))
    for x, y in stream[:80]:
        model.learn_one(x, y)
    twin = copy.deepcopy(model)
    for x, y in stream[80:]:
        assert twin.predict_proba_one(x) == model.predict_proba_one(x)
        for each in (model, twin):
            each.learn_one(x, y)


def test_texts_are_categories_and_what_cannot_be_learned_is_said() -> None:
    model = Model(LIGHT)
    for n in range(200):
        model.learn_one({"wind": "north" if n % 2 else "south"}, bool(n % 2))
    assert model.predict_one({"wind": "north"}) is True
    with pytest.raises(ValueError, match="label"):
        model.learn_one({"wind": "north"}, None)  # type: ignore[arg-type]
