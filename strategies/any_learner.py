"""What the daemon asks of a learner, however it learns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from torch import Tensor

    from strategies.batch import Batch, Examples
    from strategies.learner import Step
    from strategies.objective import Objective
    from strategies.recast import Recast
    from strategies.row_holder import Gone
    from strategies.served import Predictor
    from strategies.strategy import Strategy


class AnyLearner(Protocol):
    """A model that predicts rows as they arrived and learns them: ``Learner``, ``ClosedFormLearner``.

    Everything learned but the running scales is a function of one vector, ``parameters``: so a model of the past is
    a copy of it.
    """

    steps: int
    """Accepted steps."""
    rejected_steps: int

    @property
    def objective(self) -> Objective:
        """What the model is trained for."""

    @property
    def strategies(self) -> Sequence[tuple[str, Strategy]]:
        """Methods against forgetting, by name."""

    @property
    def parameters(self) -> Tensor:
        """All that is learned of the rows ``(parameters,) float32``; a live view."""

    @property
    def served(self) -> Tensor:
        """The parameters that predict; a live view."""

    @property
    def learning_rate(self) -> float | None:
        """Of the step to come; None where there is none."""

    @property
    def scale_stands(self) -> bool:
        """Whether the inputs' scale stands once the stream is not young any more: nothing can move with it."""

    @property
    def limited_values(self) -> int:
        """Inputs that this process has absorbed as less than they were: see ``OnlineScaler``."""

    def forget(self, gone: Gone) -> int:
        """Let rows go that strategies keep, and all single values of running scales; return how many rows."""

    def absorb(self, x: Tensor) -> Tensor:
        """Take fresh inputs ``(rows, features)`` into the running scale; return them scaled, row by row."""

    def prime(self, rows: Examples) -> None:
        """Let the running scales of inputs and labels begin with rows from before the stream."""

    def scale(self, x: Tensor) -> Tensor:
        """Return inputs ``(rows, features)`` as the model sees them now, in torch's own memory."""

    def follow_scales(self) -> Recast | None:
        """Move the running scales to where the stream is now, if it is time, so that no prediction changes.

        Return how remembered parameters have to move; None where they stay.
        """

    def predict(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Return the outputs ``(rows, outputs) float32`` for inputs as they arrived."""

    def predict_scaled(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Return the outputs for inputs ``(rows, features)`` as the model sees them."""

    def learn(self, fresh: Batch, *, again: bool = False) -> Step:
        """Make one step on ``fresh``; ``again`` where an earlier step on the same rows was accepted."""

    def consolidate(self, task: int) -> None:
        """At a boundary: what was learned of ``task`` is to be kept from now on."""

    def merge_task(self, task: int, *, into: int) -> None:
        """Let what is kept of ``task`` be of the task ``into``: whatever comes with its number is another's."""

    def mark(self) -> None:
        """Keep, for two marks, what goes with the parameters as they are now, which are kept too."""

    def rewind(self) -> None:
        """On a drift alarm: what was gathered after the older mark is not a part of what is consolidated next."""

    def at(self, parameters: Tensor) -> AbstractContextManager[None]:
        """Within the context, be the model that ``parameters`` describe, and serve it."""

    def become(self, other: Self) -> None:
        """Take up the model that another learner of the same kind serves, with its scales."""

    def served_copy(self) -> Predictor:
        """Return the model that is served now, to be asked while this one goes on; it draws and learns nothing."""

    def state_dict(self) -> dict[str, Any]:
        """Return everything learned."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state of a learner of the same configuration; raise ``ValueError`` where it differs."""
