"""The likeliest classes of an answer."""

from __future__ import annotations

import pytest
import torch

from daemon.learning.event_predictor import likeliest_classes
from strategies.objective import Answer


def test_an_answer_of_fewer_classes_than_are_known_names_those_it_has() -> None:
    answer = Answer(torch.tensor([1]), logits=torch.tensor([[0.0, 0.0]]))
    (chances,) = likeliest_classes(answer, ["a", "b", "c"], top=5)
    assert chances == pytest.approx({"a": 0.5, "b": 0.5})
