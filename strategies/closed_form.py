"""A learner without gradients: ridge regression on random features, solved from two sums."""

from __future__ import annotations

from contextlib import contextmanager
from copy import copy, deepcopy
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from strategies.learner import Step
from strategies.options.closed_form import ClosedFormOptions
from strategies.random_features import NestedColumns
from strategies.ridge import StreamingRidge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from torch import Tensor

    from strategies.batch import Batch, Examples
    from strategies.objective import Objective
    from strategies.recast import Recast
    from strategies.row_holder import Gone
    from strategies.scaler import OnlineScaler
    from strategies.strategy import Strategy

_SHARPNESS = 6.0
"""Outputs near 0 and 1 are multiplied by it to be the logits of probabilities."""


class ClosedFormLearner:
    """Least squares of one-hot classes, or of a number, on [1, inputs, random features of the inputs].

    The sources are named at ``StreamingRidge``. There is no learning rate and no order: it learns from the first
    block on, and with ``forgetting`` 1 rows of the past count as much as those of today. It takes the place of
    ``Learner`` with a network, an optimizer and strategies, none of which it has.

    A number is summed in its own units, less the first one, so that sums stay true while its scale moves. Inputs
    are scaled by what was known when their block was learned.
    """

    Options: ClassVar[type[ClosedFormOptions]] = ClosedFormOptions
    strategies: tuple[tuple[str, Strategy], ...] = ()
    learning_rate: float | None = None

    def __init__(
        self,
        options: ClosedFormOptions,
        *,
        features: int,
        objective: Objective,
        generator: np.random.Generator,
        scaler: OnlineScaler | None = None,
    ) -> None:
        self.objective = objective
        self.steps = 0
        self.rejected_steps = 0
        self._scaler = scaler
        self._columns = NestedColumns(
            [features], features=[options.features], generator=generator, gain=options.gain
        )
        self._ridge = StreamingRidge(
            self._columns.views,
            outputs=objective.outputs,
            forgetting=options.forgetting,
            ridge=options.ridge,
            solve_every=options.solve_every,
        )
        self._origin: float | None = None
        self._is_another = False

    @property
    def parameters(self) -> Tensor:
        """The weights ``(parameters,) float32``; a live view."""
        return self._ridge.parameters

    @property
    def served(self) -> Tensor:
        """The same: what is learned is what predicts."""
        return self._ridge.parameters

    @property
    def scale_stands(self) -> bool:
        """Whether the inputs' scale stands once the stream is not young any more: nothing can move with it."""
        return self._scaler is not None

    @property
    def limited_values(self) -> int:
        """Inputs that this process has absorbed as less than they were: see ``OnlineScaler``."""
        return 0 if self._scaler is None else self._scaler.limited

    def absorb(self, x: Tensor) -> Tensor:
        """Take fresh inputs ``(rows, features)`` into the running scale; return them scaled, row by row."""
        return x if self._scaler is None else self._scaler.absorb(x)

    def prime(self, rows: Examples) -> None:
        """Let the running scales of inputs and labels begin with rows from before the stream."""
        assert not self.steps
        self.absorb(rows.x)
        self.objective.absorb(rows.y)

    def scale(self, x: Tensor) -> Tensor:
        """Return inputs ``(rows, features)`` as the model sees them now, in torch's own memory."""
        return x.clone() if self._scaler is None else self._scaler.scale(x)

    def follow_scales(self) -> Recast | None:
        """Move the running scales, that of the inputs while the stream is young: sums cannot move with it."""
        if self._scaler is not None:
            self._scaler.follow(carries=False)
        # Sums of targets are in their own units.
        self.objective.follow(carries=True)
        return None

    def predict(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Return the outputs ``(rows, outputs) float32`` for inputs as they arrived, whatever the task."""
        return self.predict_scaled(self.scale(x), task)

    def predict_scaled(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Return the outputs for inputs ``(rows, features)`` as the model sees them."""
        del task
        return self._outputs(self._columns([x]))

    def learn(self, fresh: Batch, *, again: bool = False) -> Step:
        """Add rows to the sums, once: ``again`` adds nothing. What is not finite is rejected, with no change."""
        columns = self._columns([self.scale(fresh.x)])
        loss = float(self.objective.loss(self._outputs(columns), fresh.y)[0])
        accepted = isfinite(loss) and (again or self._absorb(columns, fresh.y))
        if not accepted:
            self.rejected_steps += 1
        elif not again:
            self.steps += 1
        return Step(loss, rows=len(fresh), rehearsed=0, accepted=accepted)

    def unlearn(self, rows: Batch) -> None:
        """Take rows out of the sums that were learned once, as if they had never come: see ``downdate``.

        It holds where the inputs were scaled then as they are now. Raises ``ValueError`` where the sums fade.
        """
        columns = self._columns([self.scale(rows.x)])
        self._ridge.downdate(columns, self._about_origin(self._values(rows.y)))

    def merge_task(self, task: int, *, into: int) -> None:
        """Nothing: the sums know no tasks."""

    def consolidate(self, task: int) -> None:
        """At a boundary, let the weights know of all events, unless this is the model from before a drift."""
        if self._ridge.unsolved and not self._is_another:
            self._ridge.solve()

    def mark(self) -> None:
        """Nothing: the sums are all there is."""

    def rewind(self) -> None:
        """Nothing either."""

    @contextmanager
    def at(self, parameters: Tensor) -> Iterator[None]:
        """Within the context, be the model that ``parameters`` describe."""
        current, before = self.parameters.clone(), self._is_another
        self.parameters.copy_(parameters)
        self._is_another = True
        try:
            yield
        finally:
            self.parameters.copy_(current)
            self._is_another = before

    def become(self, other: ClosedFormLearner) -> None:
        """Take up the model that another learner is, with its scales; not its sums."""
        self._columns.load_state_dict(other._columns.state_dict())
        self.parameters.copy_(other.parameters)
        self.objective.load_state_dict(other.objective.state_dict())
        self._origin = other._origin
        if self._scaler is not None and other._scaler is not None:
            self._scaler.load_state_dict(other._scaler.state_dict())

    def served_copy(self) -> ClosedFormLearner:
        """Return the model as it is now, to be asked while this one goes on; it has none of the sums."""
        served = copy(self)
        served.objective, served._scaler = deepcopy(self.objective), deepcopy(self._scaler)  # noqa: SLF001 - of the same class
        served._ridge = self._ridge.served_copy()  # noqa: SLF001 - of the same class
        return served

    def forget(self, gone: Gone) -> int:
        """Let rows go that strategies keep, and all single values of running scales; return how many rows."""
        if gone.keys:
            self.objective.forget_values()
            if self._scaler is not None:
                self._scaler.forget_values()
        return sum(strategy.forget(gone) for _, strategy in self.strategies)

    def state_dict(self) -> dict[str, Any]:
        """Return everything learned: the sums, the weights, what was drawn, the scales.

        The model itself is laid out as a network's is, for whoever exports it.
        """
        ridge = self._ridge.state_dict()
        weights, random = self._ridge.weights[0], self._columns.random[0]
        return {
            "network": {
                "parameters": ridge.pop("parameters"),
                "layout": {"weights": list(weights.shape)},
                "fixed": {**random.state_dict(), "origin": _vector(self._origin)},
            },
            "average": {},
            "ridge": ridge,
            "optimizer": {},
            "strategies": {},
            "objective": self.objective.state_dict(),
            "scaler": {} if self._scaler is None else self._scaler.state_dict(),
            "steps": self.steps,
            "rejected_steps": self.rejected_steps,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state of the same configuration; raise ``ValueError`` where it is of another one."""
        if "ridge" not in state:
            raise ValueError("the checkpoint's model is a network, the configured one closed_form")
        objective = self.objective.state_dict()
        if state["objective"].keys() != objective.keys() or bool(state["scaler"]) != (self._scaler is not None):
            raise ValueError("of the checkpoint and the configuration, only one scales its inputs or its targets")
        network = state["network"]
        self._columns.random[0].load_state_dict(network["fixed"])
        self._ridge.load_state_dict({**state["ridge"], "parameters": network["parameters"]})
        self.objective.load_state_dict(state["objective"])
        if self._scaler is not None:
            self._scaler.load_state_dict(state["scaler"])
        origin = torch.as_tensor(network["fixed"]["origin"])
        self._origin = float(origin) if len(origin) else None
        self.steps, self.rejected_steps = state["steps"], state["rejected_steps"]

    def _outputs(self, columns: Tensor) -> Tensor:
        (found,) = self._ridge.outputs(columns)
        if self.objective.classification:
            return found.mul_(_SHARPNESS)
        return found if self._origin is None else self.objective.targets(found.squeeze(1).add_(self._origin))

    def _absorb(self, columns: Tensor, y: Tensor) -> bool:
        values, before = self._values(y), self._origin
        if not self.objective.classification and before is None:
            self._origin = float(values[0])
        if not self._ridge.absorb(columns, self._about_origin(values)):
            self._origin = before
            return False
        return True

    def _values(self, y: Tensor) -> Tensor:
        """Return what is summed of labels ``(rows,)``: one-hot classes, or numbers in their own units."""
        targets = self.objective.targets(y)
        # There and back, since what is far out of its scale counts as less.
        return targets if self.objective.classification else self.objective.answer(targets).value.double()

    def _about_origin(self, values: Tensor) -> Tensor:
        return values if self._origin is None else (values - self._origin).unsqueeze(1)


def _vector(number: float | None) -> Tensor:
    """Return a number as ``(1,) float64``; ``(0,)`` where there is none."""
    return torch.tensor([] if number is None else [number], dtype=torch.float64)
