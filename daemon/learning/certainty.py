"""How sure an answer is, where there is hardly anything to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from strategies.objective import Answer


def certainty(answer: Answer, *, known: NDArray[np.int64], labels: NDArray[np.int64]) -> list[float | None]:
    """Return the confidence of each answer ``(rows,)``; None in regression, and where there is no answer.

    ``known`` ``(rows,)`` are the classes that each row could be told to be of, ``labels`` ``(rows,)`` the labels
    seen before it. Among one class a probability is always 1. While only one was ever seen, the next label is of it
    again with the chance (n + 1)/(n + 2), Laplace's rule of succession (1774).

    >>> import torch
    >>> from strategies.objective import Answer
    >>> one = Answer(torch.zeros(2, dtype=torch.int64), logits=torch.zeros(2, 1))
    >>> certainty(one, known=np.array([1, 1]), labels=np.array([1, 8]))
    [0.6666666666666666, 0.9]
    """
    if answer.confidence is None:
        return [None] * len(answer.value)
    sure = np.where(known == 1, (labels + 1) / (labels + 2), answer.confidence.numpy())
    return [None if np.isnan(value) else value for value in sure.tolist()]
