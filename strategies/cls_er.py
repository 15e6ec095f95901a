"""Complementary learning systems: replay, held to what two slow averages of the model say of the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch.nn import functional as F

from strategies.averaging import RunningAverage
from strategies.buffer import Buffered
from strategies.generator import generator_state, restore_generator
from strategies.options.cls_er import ClsErOptions
from strategies.training_batch import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from strategies.batch import Batch
    from strategies.learner import Learner
    from strategies.recast import Recast
    from strategies.strategy import Setting
    from strategies.training_batch import TrainingBatch


class ClsEr(Buffered):
    """CLS-ER (Arani, Sarfraz & Zonooz 2022, alg. 1; arXiv 2201.12604).

    The weights θ that learn have two semantic memories, running averages θ_S and θ_P. After each step, each is
    updated with its own chance, θ_i ← α_i θ_i + (1 - α_i) θ. The loss is the mean over fresh and rehearsed rows,
    and λ · mean (f(x; θ) - z)² over rehearsed rows and outputs, where z is f(x; θ_S) or f(x; θ_P): of each row the
    one that fits its label better, and the outputs are those of the classes that are known. θ_S predicts.

    α begins as in ``RunningAverage``, not as 1 - 1/(t + 1). Where the label is a number, z is the output nearer to
    it.
    """

    Options: ClassVar[type[ClsErOptions]] = ClsErOptions
    options: ClsErOptions

    def __init__(self, options: ClsErOptions, *, setting: Setting) -> None:
        super().__init__(options, setting=setting)
        self._chances = setting.generator.spawn(1)[0]
        self._averages: tuple[RunningAverage, RunningAverage] | None = None

    def rehearse(self, fresh: Batch) -> Sequence[Rehearsal]:
        """Draw rows of the past, each to count as a fresh one."""
        if not len(self.memory):
            return ()
        return (Rehearsal(self.memory.storage.examples(self.draw())),)

    def distil(
        self, learner: Learner, outputs: Tensor, batch: TrainingBatch, *, own: slice, gradient: Tensor
    ) -> Tensor | None:
        """Return λ · mean (f - z)² over the rehearsed rows."""
        if self._averages is None or own.start == own.stop:
            return None
        x, task = learner.scale(batch.x[own]), batch.task[own]
        said = []
        for average in self._averages:
            with learner.at(average.parameters):
                said.append(learner.network.predict(x, task))
        stable, plastic = said
        better = self._misfit(learner, stable, batch.y[own]) < self._misfit(learner, plastic, batch.y[own])
        known = slice(self._known)
        error = self.distance(outputs[own], torch.where(better.unsqueeze(1), stable, plastic))
        gradient[own, known].add_(error, alpha=2 * self.options.strength / error.numel())
        return error.square().mean().mul_(self.options.strength)

    def observe(self, learner: Learner, fresh: Batch, outputs: Tensor) -> None:
        """Offer the fresh rows to the buffer, and let each average follow by its chance."""
        super().observe(learner, fresh, outputs)
        if self._averages is None:
            self._averages = self._averages_of(learner.parameters)
        frequencies = (self.options.stable_frequency, self.options.plastic_frequency)
        for average, frequency in zip(self._averages, frequencies, strict=True):
            if self._chances.random() < frequency:
                average.follow(learner.parameters, step=learner.steps)

    def recast(self, recast: Recast) -> None:
        """Move both averages."""
        for average in self._averages or ():
            recast.move(average.parameters)

    def take_back(self, parameters: Tensor) -> None:
        """Let both averages be what the model is from now on, with the rows of then."""
        super().take_back(parameters)
        for average in self._averages or ():
            average.parameters.copy_(parameters)

    def stand_in(self) -> Tensor | None:
        """Return θ_S, None before the first step."""
        return None if self._averages is None else self._averages[0].parameters

    def state_dict(self) -> dict[str, Any]:
        """Return the buffer, both averages, and the generator of their chances."""
        stable, plastic = (
            (torch.zeros(0),) * 2 if self._averages is None else (a.parameters for a in self._averages)
        )
        return super().state_dict() | {
            "stable": stable,
            "plastic": plastic,
            "chances_generator": generator_state(self._chances),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        super().load_state_dict(state)
        restore_generator(self._chances, state["chances_generator"])
        stable, plastic = (torch.as_tensor(state[name]) for name in ("stable", "plastic"))
        self._averages = None
        if len(stable):
            self._averages = self._averages_of(stable)
            self._averages[1].parameters.copy_(plastic)

    def _averages_of(self, parameters: Tensor) -> tuple[RunningAverage, RunningAverage]:
        """Return the stable and the plastic average, both beginning with ``parameters``."""
        return (
            RunningAverage(parameters, decay=self.options.stable_decay),
            RunningAverage(parameters, decay=self.options.plastic_decay),
        )

    def _misfit(self, learner: Learner, outputs: Tensor, y: Tensor) -> Tensor:
        """Return how far from their labels the outputs are ``(rows,)``."""
        if self.setting.classification:
            return F.cross_entropy(outputs, y, reduction="none")
        return (outputs - learner.objective.targets(y)).square().sum(1)
