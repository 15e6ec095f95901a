"""A state of torch's global generator that belongs to one learner."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


class TorchGenerator:
    """Keeps torch's global generator as one learner has left it, so that learners do not disturb each other.

    A module such as dropout draws from the global generator. Within :meth:`in_use`, that generator is this
    learner's; outside, it is as if nothing had been drawn.

    >>> generator = TorchGenerator()
    >>> before = torch.get_rng_state()
    >>> with generator.in_use():
    ...     first = torch.rand(1)
    >>> with generator.in_use():
    ...     second = torch.rand(1)
    >>> bool(first == second), bool((torch.get_rng_state() == before).all())
    (False, True)
    """

    def __init__(self) -> None:
        self._state = torch.get_rng_state()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Within the context, let what is drawn from torch's global generator come from here."""
        others = torch.get_rng_state()
        torch.set_rng_state(self._state)
        try:
            yield
        finally:
            self._state = torch.get_rng_state()
            torch.set_rng_state(others)
