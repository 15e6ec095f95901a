"""Elastic weight consolidation: parameters that mattered for the past are held near where they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field

from strategies.fisher import FisherKind, diagonal_fisher
from strategies.generator import generator_state, restore_generator
from strategies.memory import Memory
from strategies.options import Options
from strategies.reservoir import Reservoir
from strategies.storage import RowStorage
from strategies.strategy import Setting, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.batch import Batch
    from strategies.learner import Learner

_STIFFEST = 1e30


class EwcOptions(Options):
    """Online elastic weight consolidation."""

    type: Literal["ewc"] = "ewc"
    strength: float = Field(10.0, ge=0, description="λ, the weight of the penalty. Any size is stable.")
    decay: float = Field(
        0.95,
        gt=0,
        le=1,
        description="γ, what remains of the old importance at a consolidation; 1 stiffens without end.",
    )
    fisher: FisherKind = Field("exact", description="How importance is estimated: exact, sampled or empirical.")
    fisher_rows: int = Field(
        500, ge=1, description="Rows of the running task, a reservoir, that it is estimated on."
    )
    every_events: Annotated[int, Field(ge=1)] | None = Field(
        50_000, description="Consolidate after so many events without a boundary; null: at boundaries only."
    )


class Ewc(Strategy):
    """Online EWC (Schwarz et al. 2018, eq. 9) with a proximal step.

    The penalty is (λ/2) Σ γ F̃ᵢ (θᵢ - θ*ᵢ)², with one anchor θ* at the latest consolidation and F̃ ← γ F̃ + F after
    each. F is the diagonal Fisher, per example. The penalty is applied implicitly after the optimizer's step,
    θ ← (θ + η λ γ F̃ θ*) / (1 + η λ γ F̃), so that no λ makes it oscillate. Before the first consolidation it does
    nothing, which the gauge ``anchor_active`` shows.
    """

    Options: ClassVar[type[EwcOptions]] = EwcOptions

    def __init__(self, options: EwcOptions, *, setting: Setting) -> None:
        super().__init__(options, setting=setting)
        self._strength = options.strength
        self._decay = options.decay
        self._every_events = options.every_events
        draws, sample = setting.generator.spawn(2)
        self._generator = draws
        self._sample = Memory(
            RowStorage(options.fisher_rows, features=setting.features, classification=setting.classification),
            Reservoir(options.fisher_rows, generator=sample),
        )
        self._anchor: Tensor | None = None
        self._fisher: Tensor | None = None
        self._precision: Tensor | None = None
        self._shrinkage: tuple[float, Tensor] | None = None
        self._events = 0
        self._consolidations = 0
        self._rejected = 0

    def anchor(self, parameters: Tensor, step_size: float | Tensor) -> None:
        """Pull the parameters towards the anchor, each by its importance."""
        if self._anchor is not None:
            parameters.lerp_(self._anchor, self._shrink(step_size))

    def observe(self, learner: Learner, fresh: Batch, outputs: Tensor) -> None:
        """Sample the running task, and consolidate where the schedule says so."""
        self._sample.offer(fresh, groups=fresh.task)
        self._events += len(fresh)
        if self._every_events is not None and self._events >= self._every_events:
            self.consolidate(learner, task=int(fresh.task[-1]))

    def consolidate(self, learner: Learner, task: int) -> None:
        """Move the anchor here and add this task's importance; nothing where no row was learned since the last.

        Importance that is not finite is dropped with the rows it came from, and counted.
        """
        rows = self._sample.rows()
        if not len(rows):
            return
        fisher = diagonal_fisher(
            learner.network,
            learner.objective,
            x=learner.scale(rows.x),
            y=rows.y,
            task=rows.task,
            kind=self.options.fisher,
            generator=self._generator,
        )
        if bool(torch.isfinite(fisher).all()):
            self._fisher = fisher if self._fisher is None else self._fisher.mul(self._decay).add_(fisher)
            self._anchor = learner.parameters.clone()
            self._weigh()
            self._consolidations += 1
        else:
            self._rejected += 1
        self._events = 0
        self._sample.restart()

    def penalty(self, parameters: Tensor) -> float | None:
        """Return (λ/2) Σ γ F̃ᵢ (θᵢ - θ*ᵢ)², None before the first consolidation."""
        if self._anchor is None:
            return None
        assert self._precision is not None
        return 0.5 * float(self._precision.dot((parameters - self._anchor).square_()))

    def gauges(self) -> Mapping[str, float]:
        """Return whether the anchor is set, how often it was, and how often importance was not finite."""
        return {
            "anchor_active": float(self._anchor is not None),
            "consolidations": self._consolidations,
            "consolidations_rejected": self._rejected,
        }

    def state_dict(self) -> dict[str, Any]:
        """Return anchor, importance, the sample of the running task and the generator."""
        empty = torch.zeros(0)
        return {
            "anchor": empty if self._anchor is None else self._anchor,
            "fisher": empty if self._fisher is None else self._fisher,
            "events": self._events,
            "consolidations": self._consolidations,
            "rejected": self._rejected,
            "sample": self._sample.state_dict(),
            "generator": generator_state(self._generator),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        anchor, fisher = torch.as_tensor(state["anchor"]), torch.as_tensor(state["fisher"])
        self._anchor = anchor.clone() if len(anchor) else None
        self._fisher = fisher.clone() if len(fisher) else None
        self._weigh()
        self._events = state["events"]
        self._consolidations = state["consolidations"]
        self._rejected = state["rejected"]
        self._sample.load_state_dict(state["sample"])
        restore_generator(self._generator, state["generator"])

    def _weigh(self) -> None:
        """Set h = λ γ F̃, the penalty's curvature, below what float32 holds whatever λ is."""
        self._shrinkage = None
        if self._fisher is not None:
            precision = self._fisher.double().mul_(self._strength * self._decay)
            self._precision = precision.clamp_(max=_STIFFEST).float()

    def _shrink(self, step_size: float | Tensor) -> Tensor:
        """Return s·h / (1 + s·h), the share of the way to the anchor; kept while the step size stays."""
        if isinstance(step_size, float) and self._shrinkage is not None and self._shrinkage[0] == step_size:
            return self._shrinkage[1]
        assert self._precision is not None
        pull = self._precision * step_size
        shrink = pull.div_(pull + 1)
        if isinstance(step_size, float):
            self._shrinkage = (step_size, shrink)
        return shrink
