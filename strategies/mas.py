"""Memory aware synapses: a parameter matters by how far it moves the outputs, whatever the labels are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import torch

from strategies.anchor import DiagonalAnchor
from strategies.anchored import Anchored
from strategies.gradient_sizes import sum_of_sizes
from strategies.options.mas import MasOptions
from strategies.task_sample import TaskSample

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor

    from strategies.batch import Batch
    from strategies.learner import Learner
    from strategies.network import Network
    from strategies.row_holder import Gone
    from strategies.strategy import Setting


class Mas(Anchored):
    """Memory aware synapses (Aljundi et al. 2018, eq. 3 to 5) with a proximal step.

    At a consolidation Ω ← γ Ω + the mean over a sample of the task of |∂‖f(x)‖² / ∂θ|, each row by itself; the
    penalty is λ Σ Ωᵢ (θᵢ - θ*ᵢ)². No label is used.
    """

    Options: ClassVar[type[MasOptions]] = MasOptions
    options: MasOptions

    def __init__(self, options: MasOptions, *, setting: Setting) -> None:
        self._diagonal = DiagonalAnchor(scale=2 * options.strength)
        super().__init__(options, setting=setting, anchor=self._diagonal)
        self._sample = TaskSample(options.sample_rows, setting=setting, generator=setting.generator)

    def observe(self, learner: Learner, fresh: Batch, outputs: Tensor) -> None:
        """Sample the running task, and consolidate where the schedule says so."""
        self._sample.offer(fresh)
        super().observe(learner, fresh, outputs)

    def merge_task(self, task: int, *, into: int) -> None:
        """Let the sampled rows of ``task`` be of ``into``."""
        self._sample.merge_task(task, into=into)

    def forget(self, gone: Gone) -> int:
        """Let sampled rows go; return how many."""
        return self._sample.forget(gone)

    def settle(self, learner: Learner) -> bool:
        """Add the sensitivity of the outputs on the sample."""
        rows = self._sample.first(self._events)
        if not len(rows):
            return True
        importance = output_sensitivity(learner.network, x=learner.scale(rows.x), task=rows.task)
        return self._diagonal.add(learner.parameters, importance=importance, decay=self.options.decay)

    def begin(self) -> None:
        """Begin a new sample."""
        super().begin()
        self._sample.restart()

    def state_dict(self) -> dict[str, Any]:
        """Return anchor, importance, counts and the sample of the running task."""
        return super().state_dict() | {"sample": self._sample.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        super().load_state_dict(state)
        self._sample.load_state_dict(state["sample"])


def output_sensitivity(network: Network, *, x: Tensor, task: Tensor) -> Tensor:
    """Return the mean over rows of |∂‖f(x)‖² / ∂θ| ``(parameters,) float32``.

    ``x`` is ``(rows, features)`` as the network sees it, ``task`` ``(rows,) int64``.
    """
    return sum_of_sizes(network, x=x, task=task, deltas=_square_norm, size=torch.abs).div_(max(len(x), 1))


def _square_norm(outputs: Tensor, *, rows: slice) -> Iterator[Tensor]:
    """Yield the gradient of ‖f(x)‖² on the outputs."""
    del rows
    yield 2 * outputs
