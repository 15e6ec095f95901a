"""Elastic weight consolidation: parameters that mattered for the past are held near where they were."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from strategies.anchor import DiagonalAnchor
from strategies.anchored import Anchored
from strategies.fisher import diagonal_fisher
from strategies.generator import generator_state, restore_generator
from strategies.kronecker_anchor import KroneckerAnchor
from strategies.kronecker_fisher import factored_layers, kronecker_fisher
from strategies.options.ewc import EwcOptions
from strategies.task_sample import TaskSample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.batch import Batch
    from strategies.learner import Learner
    from strategies.row_holder import Gone
    from strategies.strategy import Setting


class Ewc(Anchored):
    """Online EWC (Schwarz et al. 2018, eq. 9) with a proximal step.

    The penalty is (λ/2) Σ γ F̃ᵢ (θᵢ - θ*ᵢ)², with one anchor θ* at the latest consolidation and F̃ ← γ F̃ + F after
    each. F is the diagonal Fisher, per example. The penalty is applied implicitly after the optimizer's step,
    θ ← (θ + η λ γ F̃ θ*) / (1 + η λ γ F̃), so that no λ makes it oscillate. With ``curvature: kronecker``, F is that
    of whole layers; see :class:`KroneckerAnchor`.
    """

    Options: ClassVar[type[EwcOptions]] = EwcOptions
    options: EwcOptions

    def __init__(self, options: EwcOptions, *, setting: Setting) -> None:
        kind = KroneckerAnchor if options.curvature == "kronecker" else DiagonalAnchor
        self._anchor: KroneckerAnchor | DiagonalAnchor = kind(scale=options.strength * options.decay)
        super().__init__(options, setting=setting, anchor=self._anchor)
        self._generator, sample = setting.generator.spawn(2)
        self._sample = TaskSample(options.fisher_rows, setting=setting, generator=sample)

    def observe(self, learner: Learner, fresh: Batch, outputs: Tensor) -> None:
        """Sample the running task, and consolidate where the schedule says so."""
        if isinstance(self._anchor, KroneckerAnchor) and not self._anchor.active:
            factored_layers(learner.network)
        self._sample.offer(fresh)
        super().observe(learner, fresh, outputs)

    def merge_task(self, task: int, *, into: int) -> None:
        """Let the sampled rows of ``task`` be of ``into``."""
        self._sample.merge_task(task, into=into)

    def forget(self, gone: Gone) -> int:
        """Let sampled rows go; return how many."""
        return self._sample.forget(gone)

    def settle(self, learner: Learner) -> bool:
        """Add the Fisher information of the sample."""
        rows = self._sample.first(self._events)
        if not len(rows):
            return True
        seen = replace(rows, x=learner.scale(rows.x))
        chance, kind, decay = self._generator, self.options.fisher, self.options.decay
        network, objective = learner.network, learner.objective
        if isinstance(self._anchor, KroneckerAnchor):
            factors = kronecker_fisher(network, objective, seen=seen, kind=kind, generator=chance)
            return self._anchor.add(network, importance=factors, decay=decay)
        fisher = diagonal_fisher(network, objective, seen=seen, kind=kind, generator=chance)
        return self._anchor.add(learner.parameters, importance=fisher, decay=decay)

    def begin(self) -> None:
        """Begin a new sample."""
        super().begin()
        self._sample.restart()

    def state_dict(self) -> dict[str, Any]:
        """Return anchor, importance, counts, the sample of the running task and the generator."""
        return super().state_dict() | {
            "curvature": self.options.curvature,
            "sample": self._sample.state_dict(),
            "generator": generator_state(self._generator),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of another curvature."""
        saved, configured = state["curvature"], self.options.curvature
        if saved != configured:
            raise ValueError(f"the checkpoint's ewc has curvature {saved}, the configured one {configured}")
        super().load_state_dict(state)
        self._sample.load_state_dict(state["sample"])
        restore_generator(self._generator, state["generator"])
