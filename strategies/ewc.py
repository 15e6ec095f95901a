"""Elastic weight consolidation: parameters that mattered for the past are held near where they were."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from strategies.anchor import DiagonalAnchor
from strategies.anchored import Anchored, AnchoredOptions
from strategies.fisher import FisherKind, diagonal_fisher
from strategies.generator import generator_state, restore_generator
from strategies.task_sample import task_sample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.batch import Batch
    from strategies.learner import Learner
    from strategies.strategy import Setting


class EwcOptions(AnchoredOptions):
    """Online elastic weight consolidation."""

    type: Literal["ewc"] = "ewc"
    strength: float = Field(10.0, ge=0, description="λ, the weight of the penalty. Any size is stable.")
    fisher: FisherKind = Field("exact", description="How importance is estimated: exact, sampled or empirical.")
    fisher_rows: int = Field(
        500, ge=1, description="Rows of the running task, a reservoir, that it is estimated on."
    )


class Ewc(Anchored):
    """Online EWC (Schwarz et al. 2018, eq. 9) with a proximal step.

    The penalty is (λ/2) Σ γ F̃ᵢ (θᵢ - θ*ᵢ)², with one anchor θ* at the latest consolidation and F̃ ← γ F̃ + F after
    each. F is the diagonal Fisher, per example. The penalty is applied implicitly after the optimizer's step,
    θ ← (θ + η λ γ F̃ θ*) / (1 + η λ γ F̃), so that no λ makes it oscillate.
    """

    Options: ClassVar[type[EwcOptions]] = EwcOptions
    options: EwcOptions

    def __init__(self, options: EwcOptions, *, setting: Setting) -> None:
        self._diagonal = DiagonalAnchor(scale=options.strength * options.decay)
        super().__init__(options, setting=setting, anchor=self._diagonal)
        self._generator, sample = setting.generator.spawn(2)
        self._sample = task_sample(options.fisher_rows, setting=setting, generator=sample)

    def observe(self, learner: Learner, fresh: Batch, outputs: Tensor) -> None:
        """Sample the running task, and consolidate where the schedule says so."""
        self._sample.offer(fresh, groups=fresh.task)
        super().observe(learner, fresh, outputs)

    def settle(self, learner: Learner) -> bool:
        """Add the Fisher information of the sample, and begin a new one."""
        rows = self._sample.rows()
        self._sample.restart()
        fisher = diagonal_fisher(
            learner.network,
            learner.objective,
            seen=replace(rows, x=learner.scale(rows.x)),
            kind=self.options.fisher,
            generator=self._generator,
        )
        return self._diagonal.add(learner.parameters, importance=fisher, decay=self.options.decay)

    def state_dict(self) -> dict[str, Any]:
        """Return anchor, importance, counts, the sample of the running task and the generator."""
        return super().state_dict() | {
            "sample": self._sample.state_dict(),
            "generator": generator_state(self._generator),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        super().load_state_dict(state)
        self._sample.load_state_dict(state["sample"])
        restore_generator(self._generator, state["generator"])
