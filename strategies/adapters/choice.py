"""Which of several answers to the same rows counts: that of the row's task, or the most certain one."""

from __future__ import annotations

import torch
from torch import Tensor


def chosen(answers: Tensor, place: Tensor) -> Tensor:
    """Return of ``answers`` ``(choices, rows, outputs)`` each row's one: number ``place`` ``(rows,) int64``.

    Where ``place`` is negative it is the one with the lowest entropy of softmax, the last of equals: of single
    numbers, which have no entropy, the last choice.
    """
    if len(answers) == 1:
        return answers[0]
    unknown = place < 0
    if unknown.any():
        place = torch.where(unknown, _most_certain(answers.detach()), place)
    return answers[place, torch.arange(len(place))]


def _most_certain(answers: Tensor) -> Tensor:
    log_probability = torch.log_softmax(answers.flip(0), 2)
    entropy = -(log_probability.exp() * log_probability).sum(2)
    return len(answers) - 1 - entropy.argmin(0)
