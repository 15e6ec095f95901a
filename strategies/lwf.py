"""Learning without forgetting: on new inputs, the model goes on to say what it said at the last consolidation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import torch

from strategies.consolidating import Consolidating
from strategies.objective import Units
from strategies.options.lwf import LwfOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.batch import Batch
    from strategies.learner import Learner
    from strategies.recast import Recast
    from strategies.strategy import Setting
    from strategies.training_batch import TrainingBatch


class Lwf(Consolidating):
    """LwF (Li & Hoiem 2016, eq. 2 to 4), with the model of the last consolidation as the teacher.

    The loss gains λ · the mean over fresh rows of -Σ p'ᵢ log pᵢ, with p = softmax(outputs / T) of the model as it
    is and p' that of the teacher, over the classes that had been seen when the teacher was taken. In regression it
    is half the squared distance of the outputs, the teacher's being what it said in the target's own units. It
    remembers no row. Of a teacher only the trainable parameters are kept: running statistics of a normalisation are
    those of now.
    """

    Options: ClassVar[type[LwfOptions]] = LwfOptions
    options: LwfOptions

    def __init__(self, options: LwfOptions, *, setting: Setting) -> None:
        super().__init__(options, setting=setting)
        self._teacher: Tensor | None = None
        self._units: Units | None = None
        """What the teacher's outputs mean."""
        self._seen = torch.zeros(setting.outputs, dtype=torch.bool)
        self._taught = torch.zeros(0, dtype=torch.int64)

    def distil(
        self, learner: Learner, outputs: Tensor, batch: TrainingBatch, *, own: slice, gradient: Tensor
    ) -> Tensor | None:
        """Return λ · the distance of what is said of the fresh rows from what the teacher says."""
        if self._teacher is None:
            return None
        fresh = slice(batch.fresh)
        x = learner.scale(batch.x[fresh])
        with learner.at(self._teacher):
            target = learner.network.predict(x, batch.task[fresh])
        if self._units is not None and (units := learner.objective.units) is not None:
            target = units.outputs(self._units.of(target))
        distance = _soft_cross_entropy if self.setting.classification else _half_square
        loss, slope = distance(
            outputs[fresh][:, self._taught], target[:, self._taught], temperature=self.options.temperature
        )
        share = self.options.strength / batch.fresh
        gradient[fresh].index_add_(1, self._taught, slope, alpha=share)
        return loss.mul_(share)

    def observe(self, learner: Learner, fresh: Batch, outputs: Tensor) -> None:
        """Note the classes, and consolidate where the schedule says so."""
        if self.setting.classification:
            self._seen[fresh.y] = True
        super().observe(learner, fresh, outputs)

    def settle(self, learner: Learner) -> bool:
        """Make the model as it is the teacher, of the classes seen so far."""
        self._teacher, self._units = learner.parameters.clone(), learner.objective.units
        self._taught = self._seen.nonzero()[:, 0] if self.setting.classification else torch.arange(1)
        return True

    def recast(self, recast: Recast) -> None:
        """Move the teacher, and with it what its outputs mean."""
        if self._teacher is not None:
            recast.move(self._teacher)
        if self._units is not None and (change := recast.outputs) is not None:
            self._units = self._units.after(factor=float(change.factor), offset=float(change.offset))

    def gauges(self) -> Mapping[str, float]:
        """Return whether there is a teacher, and of how many outputs."""
        return {"teacher_active": float(self._teacher is not None), "teacher_outputs": len(self._taught)}

    def state_dict(self) -> dict[str, Any]:
        """Return the teacher, its classes and those seen since."""
        return super().state_dict() | {
            "teacher": torch.zeros(0) if self._teacher is None else self._teacher,
            "units": [] if self._units is None else [self._units.zero, self._units.one],
            "taught": self._taught,
            "seen": self._seen,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        super().load_state_dict(state)
        teacher = torch.as_tensor(state["teacher"])
        self._teacher = teacher.clone() if len(teacher) else None
        self._units = Units(*state["units"]) if state["units"] else None
        self._taught = torch.as_tensor(state["taught"]).clone()
        self._seen.copy_(torch.as_tensor(state["seen"]))


def _soft_cross_entropy(outputs: Tensor, target: Tensor, *, temperature: float) -> tuple[Tensor, Tensor]:
    """Return -Σ p' log p over rows and classes, and its gradient on the outputs, (p - p') / T."""
    log_probability = torch.log_softmax(outputs / temperature, 1)
    wanted = torch.softmax(target / temperature, 1)
    loss = wanted.mul(log_probability).sum().neg_()
    return loss, log_probability.exp_().sub_(wanted).div_(temperature)


def _half_square(outputs: Tensor, target: Tensor, *, temperature: float) -> tuple[Tensor, Tensor]:
    """Return ½ Σ (f - f')² over rows, and its gradient on the outputs."""
    del temperature
    error = outputs - target
    return error.square().sum().mul_(0.5), error
