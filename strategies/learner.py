"""One model that learns, with the strategies that keep it from forgetting."""

from __future__ import annotations

from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from math import isfinite, nan
from typing import TYPE_CHECKING, Any, Final

import torch

from strategies.averaging import RunningAverage
from strategies.network import network_of
from strategies.recast import Recast, carries_inputs, carries_outputs
from strategies.served import ServedModel
from strategies.strategy import Strategy
from strategies.training_batch import Rehearsal, TrainingBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch import Tensor

    from strategies.batch import Batch, Examples
    from strategies.network import Network
    from strategies.objective import Objective
    from strategies.optimizers.optimizer import Optimizer
    from strategies.row_holder import Gone
    from strategies.scaler import OnlineScaler

_IMPOSSIBLE = -1e9
"""An output so low that softmax gives it no probability, and so no gradient."""

SUPERSEDED: Final[Mapping[tuple[str, ...], list[str]]] = {
    ("l2sp", "replay"): ["ewc", "replay"],
    ("derpp", "l2sp"): ["derpp"],
}
"""Strategies of a default → those of the default before it, whose state they take up."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did."""

    loss: float
    """Mean loss of the rows, before the step, and what the strategies add to it."""
    rows: int
    """Fresh rows."""
    rehearsed: int
    """Rows from memory."""
    accepted: bool
    """False where loss or gradient was not finite, as it came or as the strategies left it: nothing has changed."""


class Learner:
    """Trains a network by micro-batches; each strategy acts at its moments of a step.

    Rows go in as they arrived; the running standardisation of inputs is a part of the learner, and so of what is
    remembered. Nothing here knows of time, threads or the outside.
    """

    def __init__(
        self,
        network: Network,
        *,
        objective: Objective,
        optimizer: Optimizer,
        strategies: Sequence[tuple[str, Strategy]] = (),
        scaler: OnlineScaler | None = None,
        clip_norm: float | None = None,
        averaging: float | None = None,
    ) -> None:
        self.network = network
        self.objective = objective
        self.strategies = tuple(strategies)
        self.steps = 0
        self.rejected_steps = 0
        self.watch: Callable[[Batch, TrainingBatch], None] | None = None
        """Sees the fresh rows and all rows of each step; changes nothing. No part of the state."""
        self._optimizer = optimizer
        self._scaler = scaler
        self._clip_norm = clip_norm
        self._average = None if averaging is None else RunningAverage(network.parameters, decay=averaging)
        self._rehearsing = self._overriding("rehearse")
        self._hiding = self._overriding("hide")
        self._distilling = self._overriding("distil")
        self._constraining = self._overriding("constrain")
        self._anchoring = self._overriding("anchor")
        self._observing = self._overriding("observe")
        self._standing_in = self._overriding("stand_in")
        self._carries_inputs = carries_inputs(network)
        self._carries_outputs = carries_outputs(network)

    @property
    def parameters(self) -> Tensor:
        """All trainable parameters ``(parameters,) float32``; a live view."""
        return self.network.parameters

    @property
    def served(self) -> Tensor:
        """The parameters that predict: an average of those that learn where there is one; a live view."""
        stand_in = self._stand_in()
        return self.parameters if stand_in is None else stand_in

    @property
    def learning_rate(self) -> float | None:
        """The optimizer's learning rate in the step to come; None where it has none."""
        return self._optimizer.learning_rate

    def absorb(self, x: Tensor) -> Tensor:
        """Take fresh inputs ``(rows, features)`` into the running scale; return them scaled, row by row."""
        return x if self._scaler is None else self._scaler.absorb(x)

    @property
    def scale_stands(self) -> bool:
        """Whether the inputs' scale stands once the stream is not young any more: nothing can move with it."""
        return self._scaler is not None and not self._carries_inputs

    @property
    def limited_values(self) -> int:
        """Inputs that this process has absorbed as less than they were: see ``OnlineScaler``."""
        return 0 if self._scaler is None else self._scaler.limited

    def prime(self, rows: Examples) -> None:
        """Let the running scales of inputs and labels begin with rows from before the stream."""
        assert not self.steps
        self.absorb(rows.x)
        self.objective.absorb(rows.y)

    def take_up_scales(self, inputs: Mapping[str, Any], *, target: Mapping[str, Any]) -> None:
        """Let the running scales go on from those of a pretrained model; an empty state is none."""
        assert not self.steps
        if inputs:
            assert self._scaler is not None
            self._scaler.load_state_dict(inputs)
        if target:
            self.objective.load_state_dict({"scaler": target})

    def scale(self, x: Tensor) -> Tensor:
        """Return inputs ``(rows, features)`` as the network sees them now, in torch's own memory.

        Rows may lie anywhere, such as where their poll has put them. Torch's memory is aligned alike in every
        process; a matrix product may round differently where its operands are aligned differently.
        """
        return x.clone() if self._scaler is None else self._scaler.scale(x)

    def follow_scales(self) -> Recast | None:
        """Move the running scales to where the stream is now, if it is time, and all parameters with them.

        What is predicted stays the same. Return how parameters have to move, None where nothing has.
        """
        inputs = None if self._scaler is None else self._scaler.follow(carries=self._carries_inputs)
        outputs = self.objective.follow(carries=self._carries_outputs)
        if inputs is None and outputs is None:
            return None
        recast = Recast(self.network, inputs=inputs, outputs=outputs)
        recast.move(self.parameters)
        recast.move_fixed()
        if self._average is not None:
            recast.move(self._average.parameters)
        self._optimizer.recast(recast.factors())
        for _, strategy in self.strategies:
            strategy.recast(recast)
        return recast

    def predict(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Return the outputs ``(rows, outputs) float32`` for inputs as they arrived.

        ``task`` is ``(rows,) int64``, -1 where unknown, None where it is unknown of all.
        """
        return self.predict_scaled(self.scale(x), task)

    def predict_scaled(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Return the outputs for inputs ``(rows, features)`` as the network sees them."""
        stand_in = self._stand_in()
        if stand_in is None:
            return self.network.predict(x, task)
        with self.at(stand_in):
            return self.network.predict(x, task)

    @torch.no_grad()
    def learn(self, fresh: Batch, *, again: bool = False) -> Step:
        """Make one step on ``fresh`` and what the strategies rehearse with it.

        The loss is the mean over all rows, unless a rehearsal says what its own count. A step whose loss or
        gradient is not finite changes nothing but the count of rejected steps (and the state of the generators that
        drew for it). Say ``again`` where an earlier step on the same rows was accepted: the strategies have seen
        them, and are shown none.
        """
        batch, own = self._prepare(fresh)
        if self.watch is not None:
            self.watch(fresh, batch)
        outputs = self.network.forward(self.scale(batch.x), batch.task)
        loss, delta = self._loss(outputs, batch, own, hidden=self._hidden(fresh))
        self.network.backward(delta)
        value = float(loss)
        square_norm = self._constrained() if isfinite(value) else nan
        accepted = isfinite(square_norm)
        step = Step(value, rows=len(fresh), rehearsed=len(batch) - len(fresh), accepted=accepted)
        if not accepted:
            self.network.undo()
            self.rejected_steps += 1
            return step
        self._update(self.network.gradient, square_norm)
        seen = 0 if again else len(fresh)
        for strategy in self._observing:
            strategy.observe(self, fresh[:seen], outputs[:seen])
        return step

    def gradient_on(self, rows: Examples) -> Tensor:
        """Return the gradient ``(parameters,) float32`` of the mean loss on other rows; the step's own stays."""
        kept = self.network.gradient.clone()
        _, delta = self.objective.loss(self.network.forward(self.scale(rows.x), rows.task), rows.y)
        self.network.backward(delta)
        gradient = self.network.gradient.clone()
        self.network.undo()
        self.network.gradient.copy_(kept)
        return gradient

    @torch.no_grad()
    def consolidate(self, task: int) -> None:
        """At a boundary, tell every strategy that what was learned of ``task`` is to be kept."""
        for _, strategy in self.strategies:
            strategy.consolidate(self, task)
        self._optimizer.boundary()

    def merge_task(self, task: int, *, into: int) -> None:
        """Let what is kept of ``task`` be of the task ``into``: whatever comes with its number is another's."""
        self.network.merge_task(task)
        for _, strategy in self.strategies:
            strategy.merge_task(task, into=into)

    def mark(self) -> None:
        """Tell every strategy that the parameters are kept as they are now, as those from before a drift."""
        for _, strategy in self.strategies:
            strategy.mark()

    def rewind(self) -> None:
        """Tell every strategy that the older of the two marks is what is to be consolidated next."""
        for _, strategy in self.strategies:
            strategy.rewind()

    @contextmanager
    def at(self, parameters: Tensor) -> Iterator[None]:
        """Within the context, be the model that ``parameters`` describe, and serve it."""
        current, average, standing_in = self.parameters.clone(), self._average, self._standing_in
        self.parameters.copy_(parameters)
        self._average, self._standing_in = None, []
        try:
            yield
        finally:
            self.parameters.copy_(current)
            self._average, self._standing_in = average, standing_in

    def keep(self) -> Tensor:
        """Return the parameters that are served, a live view; strategies keep their rows for ``take_back``."""
        for _, strategy in self.strategies:
            strategy.keep()
        return self.served

    def take_back(self, parameters: Tensor) -> None:
        """Be the model that ``parameters`` describe, and serve it, with the rows that strategies have kept.

        The optimizer's moments and the anchors stay. ``keep`` was called when these were the parameters.
        """
        self.parameters.copy_(parameters)
        if self._average is not None:
            self._average.parameters.copy_(parameters)
        for _, strategy in self.strategies:
            strategy.take_back(parameters)

    def become(self, other: Learner) -> None:
        """Take up the model that another learner serves, with its scales; not its optimizer and methods."""
        self.network.load_state_dict(other.network.state_dict())
        self.parameters.copy_(other.served)
        self.objective.load_state_dict(other.objective.state_dict())
        if self._scaler is not None and other._scaler is not None:
            self._scaler.load_state_dict(other._scaler.state_dict())

    def served_copy(self) -> ServedModel:
        """Return the model that is served now, to be asked while this one goes on; it draws and learns nothing."""
        network = network_of(deepcopy(self.network.module))
        network.parameters.copy_(self.served)
        return ServedModel(network, objective=deepcopy(self.objective), scaler=deepcopy(self._scaler))

    def forget(self, gone: Gone) -> int:
        """Let rows go that strategies keep, and all single values of running scales; return how many rows."""
        if gone.keys:
            self.objective.forget_values()
            if self._scaler is not None:
                self._scaler.forget_values()
        return sum(strategy.forget(gone) for _, strategy in self.strategies)

    def state_dict(self) -> dict[str, Any]:
        """Return everything learned: parameters, moments, scales, memories, generators."""
        return {
            "network": self.network.state_dict(),
            "average": {} if self._average is None else {"parameters": self._average.parameters},
            "optimizer": self._optimizer.state_dict(),
            "objective": self.objective.state_dict(),
            "scaler": {} if self._scaler is None else self._scaler.state_dict(),
            "strategies": {name: strategy.state_dict() for name, strategy in self.strategies},
            "steps": self.steps,
            "rejected_steps": self.rejected_steps,
            "torch_generator": torch.get_rng_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state of a learner of the same configuration; raise ``ValueError`` where it differs."""
        names, saved = sorted(name for name, _ in self.strategies), sorted(state["strategies"])
        if saved not in (names, SUPERSEDED.get(tuple(names))):
            raise ValueError(f"the checkpoint's strategies are {saved}, the configured ones {names}")
        _require_same("optimizer", state["optimizer"], self._optimizer.state_dict())
        _require_same("objective", state["objective"], self.objective.state_dict())
        if bool(state["scaler"]) != (self._scaler is not None):
            raise ValueError("of the checkpoint and the configuration, only one scales its inputs")
        _require_same("average", state["average"], {} if self._average is None else {"parameters": None})
        for name, strategy in self.strategies:
            if name not in saved:
                strategy.join(self)
        self.network.load_state_dict(state["network"])
        if self._average is not None:
            self._average.parameters.copy_(torch.as_tensor(state["average"]["parameters"]))
        self._optimizer.load_state_dict(state["optimizer"])
        self.objective.load_state_dict(state["objective"])
        if self._scaler is not None:
            self._scaler.load_state_dict(state["scaler"])
        for name, strategy in self.strategies:
            if name in saved:
                strategy.load_state_dict(state["strategies"][name])
        self.steps = state["steps"]
        self.rejected_steps = state["rejected_steps"]
        torch.set_rng_state(torch.as_tensor(state["torch_generator"]))

    def _prepare(self, fresh: Batch) -> tuple[TrainingBatch, dict[Strategy, slice]]:
        """Return what is learned in this step, and which rows of it each strategy has rehearsed."""
        rehearsals: list[Rehearsal] = []
        own: dict[Strategy, slice] = {}
        stop = len(fresh)
        for strategy in self._rehearsing:
            start, rehearsed = stop, strategy.rehearse(fresh)
            stop += sum(len(rehearsal.rows) for rehearsal in rehearsed)
            rehearsals += rehearsed
            own[strategy] = slice(start, stop)
        return TrainingBatch.of(fresh, rehearsals), own

    def _hidden(self, fresh: Batch) -> Tensor | None:
        hidden = [outputs for s in self._hiding if (outputs := s.hide(fresh)) is not None]
        return torch.stack(hidden).any(0) if hidden else None

    def _loss(
        self, outputs: Tensor, batch: TrainingBatch, own: Mapping[Strategy, slice], *, hidden: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        judged = outputs
        if hidden is not None:
            judged = outputs.clone()
            judged[: batch.fresh].masked_fill_(hidden, _IMPOSSIBLE)
        loss, delta = self.objective.loss(judged, batch.y, weight=self._weight(batch))
        for strategy in self._distilling:
            rows = own.get(strategy, slice(0, 0))
            term = strategy.distil(self, outputs, batch, own=rows, gradient=delta)
            if term is not None:
                loss = loss + term
        return loss, delta

    def _weight(self, batch: TrainingBatch) -> Tensor | None:
        emphasis = self.objective.emphasis(batch.y)
        if emphasis is None:
            return batch.weight
        return emphasis / len(batch) if batch.weight is None else batch.weight * emphasis

    def _constrained(self) -> float:
        """Let the strategies change the gradient; return its squared norm, not finite where no step can be made."""
        gradient = self.network.gradient
        # Not finite as soon as any component is; a norm that overflows float32 is no step to take either.
        square_norm = float(gradient.dot(gradient))
        for strategy in self._constraining if isfinite(square_norm) else ():
            strategy.constrain(self, gradient)
            square_norm = float(gradient.dot(gradient))
        return square_norm

    def _update(self, gradient: Tensor, square_norm: float) -> None:
        if self._clip_norm is not None and square_norm > self._clip_norm**2:
            gradient.mul_(self._clip_norm / square_norm**0.5)
        at_rest = self.network.at_rest()
        self._optimizer.step(self.parameters, gradient)
        self.steps += 1
        if self._anchoring:
            step_size = self._optimizer.step_size()
            for strategy in self._anchoring:
                strategy.anchor(self.parameters, step_size)
        for view, value in at_rest:
            view.copy_(value)
        if self._average is not None:
            self._average.follow(self.parameters, step=self.steps)

    def _stand_in(self) -> Tensor | None:
        """Return the parameters that predict in place of those that learn, None where there are none."""
        if self._average is not None:
            return self._average.parameters
        return next((weights for s in self._standing_in if (weights := s.stand_in()) is not None), None)

    def _overriding(self, moment: str) -> list[Strategy]:
        """Return the strategies that do something at a moment, so that the others cost nothing."""
        return [s for _, s in self.strategies if getattr(type(s), moment) is not getattr(Strategy, moment)]


def _require_same(part: str, saved: Mapping[str, Any], configured: Mapping[str, Any]) -> None:
    if saved.keys() != configured.keys():
        raise ValueError(f"the checkpoint's {part} holds {sorted(saved)}, the configured one {sorted(configured)}")
