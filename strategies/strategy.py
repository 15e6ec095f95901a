"""What a method against forgetting is: what it does at the moments of a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from torch import Tensor

    from strategies.batch import Batch
    from strategies.learner import Learner
    from strategies.options import Options
    from strategies.recast import Recast
    from strategies.row_holder import Gone
    from strategies.storage import RowStorage
    from strategies.training_batch import Rehearsal, TrainingBatch


@dataclass(frozen=True, slots=True)
class Setting:
    """What a strategy may know when it is built: the shape of the problem, and its own random generator."""

    features: int
    """Width of a row."""
    outputs: int
    """Width of the model's output."""
    classification: bool
    batch_rows: int
    """Fresh rows in a full micro-batch."""
    generator: np.random.Generator
    """This strategy's own generator; the strategy keeps it in its state."""
    reference: RowStorage | None = None
    """Rows from before the stream, all slots filled, to be read and never written; None where there are none."""
    known: int = 0
    """Classes that are known before the first row, the first of the outputs; in regression it says nothing."""


class Strategy:
    """A method against forgetting. Each moment does nothing by default; override those that the method needs.

    Strategies compose: the learner calls each moment on all of them, in the order of the YAML list.
    Subclasses name their options model in ``Options``, beside the class.
    """

    Options: ClassVar[type[Options]]

    def __init__(self, options: Any, *, setting: Setting) -> None:
        self.options = options
        self.setting = setting

    def rehearse(self, fresh: Batch) -> Sequence[Rehearsal]:
        """Before the forward pass: return rows of the past to learn together with ``fresh``."""
        return ()

    def hide(self, fresh: Batch) -> Tensor | None:
        """Before the loss: return the outputs ``(outputs,) bool`` that fresh rows' labels leave alone, or None."""

    def distil(
        self, learner: Learner, outputs: Tensor, batch: TrainingBatch, *, own: slice, gradient: Tensor
    ) -> Tensor | None:
        """After the forward pass: return a loss on the outputs (a scalar), or None.

        ``outputs`` is ``(rows, outputs) float32`` for all rows of ``batch``; ``own`` are those that this strategy
        has rehearsed. The loss's gradient on ``outputs`` is added to ``gradient``, in place.
        """

    def constrain(self, learner: Learner, gradient: Tensor) -> None:
        """Before the optimizer's step: change the finite ``gradient`` ``(parameters,) float32`` in place."""

    def anchor(self, parameters: Tensor, step_size: float | Tensor) -> None:
        """After the optimizer's step: pull ``parameters`` ``(parameters,) float32`` in place towards the past.

        ``step_size`` is how far the optimizer moves per unit of gradient: a float, or one value per parameter
        ``(parameters,) float32`` where the optimizer is adaptive. A quadratic penalty ½ h(θ - c)² is applied
        implicitly, θ ← (θ + s·h·c) / (1 + s·h), which is stable for any h.
        """

    def observe(self, learner: Learner, fresh: Batch, outputs: Tensor) -> None:
        """After an accepted step: look at the fresh rows, none where they were seen at an earlier step.

        ``outputs`` ``(fresh rows, outputs) float32`` is what the model said of them before the step. Rehearsed rows
        never come here. ``learner.network.gradient`` is still that of the step.
        """

    def consolidate(self, learner: Learner, task: int) -> None:
        """At a boundary: what was learned of ``task`` is to be kept from now on.

        The learner's parameters are those to consolidate; on a drift alarm, a snapshot from before the alarm.
        """

    def boost(self, times: Mapping[int, float]) -> None:
        """From now on rehearse more of these tasks: so many times what a step rehearses, on top of it.

        None are boosted where there are none. It is no part of the state: whoever boosts does so again.
        """

    def keep(self) -> None:
        """Remember the rows that are remembered now, for ``take_back``."""

    def take_back(self, parameters: Tensor) -> None:
        """Give up what came since ``keep``, which was called before.

        The rows are those of then, and whatever stands in for the learner's parameters is ``parameters``.
        """

    def mark(self) -> None:
        """Keep what was gathered until now: the learner's parameters are kept as they are now.

        Two marks are kept, as the parameters are: should a drift alarm come, it is the older one that counts.
        """

    def rewind(self) -> None:
        """On a drift alarm, before ``consolidate``: leave out what was gathered after the older mark."""

    def recast(self, recast: Recast) -> None:
        """Where the scales of inputs or outputs have moved: move all remembered parameters with them."""

    def merge_task(self, task: int, *, into: int) -> None:
        """Let what is kept of ``task`` be of the task ``into``: whatever comes with its number is another's."""

    def forget(self, gone: Gone) -> int:
        """Let rows go that the method itself keeps; return how many: see ``RowHolder``."""
        del gone
        return 0

    def join(self, learner: Learner) -> None:
        """Before the state of a learner is taken up that learned without this strategy: see ``SUPERSEDED``.

        The learner's parameters are still the initial ones.
        """

    def stand_in(self) -> Tensor | None:
        """Return the weights ``(parameters,) float32`` that predict in place of those that learn, a live view.

        None where those that learn predict; ``learner.averaging`` goes before.
        """

    def penalty(self, parameters: Tensor) -> float | None:
        """Return the anchor's penalty at ``parameters`` for the metrics, None where the method has none."""

    def gauges(self) -> Mapping[str, float]:
        """Return figures about the method's state for ``/metrics``, by snake_case name."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """Return everything that must survive a crash: nested dicts of tensors, arrays and JSON values."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state that ``state_dict`` returned."""
