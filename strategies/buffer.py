"""What the methods share that remember rows: a buffer with a budget, filled with what was learned."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from strategies.balanced_reservoir import BalancedReservoir
from strategies.generator import generator_state, restore_generator
from strategies.memory import Memory
from strategies.options.buffer import DEFAULT_ROWS, BufferOptions
from strategies.reservoir import Reservoir
from strategies.row_size import row_bytes
from strategies.storage import RowStorage
from strategies.strategy import Setting, Strategy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from strategies.batch import Batch
    from strategies.learner import Learner
    from strategies.row_holder import Gone

_FARTHEST = 8.0
"""Deviations of the target from its mean, beyond which an answer is remembered as that far out."""


class Buffered(Strategy):
    """Offers every fresh row to a buffer, which never grows beyond its budget; subclasses draw from it."""

    keeps_outputs: ClassVar[bool] = False
    """Whether what the model said of a row is kept with it."""

    def __init__(self, options: BufferOptions, *, setting: Setting) -> None:
        super().__init__(options, setting=setting)
        if options.policy == "class_balanced" and not setting.classification:
            raise ValueError(f"{options.type}.policy: class_balanced, but the label is a number; use reservoir")
        self._policy = options.policy
        self._rows_drawn = options.batch or setting.batch_rows
        self._boosts: Mapping[int, float] = {}
        self._known = setting.known if setting.classification else setting.outputs
        """Outputs that stand for something by now: those of the classes that were seen or declared."""
        # Two random generators, so that how often is rehearsed does not change what is kept.
        self._generator, admission = setting.generator.spawn(2)
        outputs = setting.outputs if self.keeps_outputs else 0
        capacity = _capacity(options, features=setting.features, outputs=outputs)
        storage = RowStorage(
            capacity,
            features=setting.features,
            classification=setting.classification,
            precision=options.storage,
            value_range=options.range,
            outputs=outputs,
        )
        kind = Reservoir if options.policy == "reservoir" else BalancedReservoir
        self.memory = Memory(storage, kind(capacity, generator=admission))
        self._kept: Memory | None = None
        """The memory as it is to be taken back; None where nobody has asked for it."""

    def draw(self) -> NDArray[np.int64]:
        """Return the slots of a step's rows, drawn uniformly with replacement; the buffer must not be empty.

        Where tasks are boosted, rows of theirs are drawn on top.
        """
        slots = self.memory.draw(self._rows_drawn, generator=self._generator)
        return np.concatenate([slots, *self._boosted()]) if self._boosts else slots

    def boost(self, times: Mapping[int, float]) -> None:
        """Draw rows of these tasks on top, so many times as many as a step's rows."""
        self._boosts = times

    def keep(self) -> None:
        """Remember the rows that are remembered now: it takes as much memory again."""
        self._kept = deepcopy(self.memory)

    def take_back(self, parameters: Tensor) -> None:
        """Remember the rows of then, and none that came since."""
        del parameters
        assert self._kept is not None, "keep was called before"
        self.memory = deepcopy(self._kept)

    def _boosted(self) -> Iterator[NDArray[np.int64]]:
        tasks = self.memory.storage.task[: len(self.memory)]
        for task, times in self._boosts.items():
            of_task = np.flatnonzero(tasks == task)
            rows = round(times * self._rows_drawn) if len(of_task) else 0
            yield of_task[(self._generator.random(rows) * len(of_task)).astype(np.int64)]

    def distance(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """Return how far outputs are from others, both ``(rows, outputs)``, for known classes ``(rows, known)``.

        While there is room for more classes, it is how far they are apart among each other: all of them rise, to be
        above those that nobody has seen, and that says nothing of the row.
        """
        error = outputs[:, : self._known] - wanted[:, : self._known]
        if self._known < outputs.shape[1]:
            error -= error.mean(1, keepdim=True)
        return error

    def observe(self, learner: Learner, fresh: Batch, outputs: Tensor) -> None:
        """Offer the fresh rows to the buffer."""
        if self.setting.classification and len(fresh):
            self._known = max(self._known, int(fresh.y.max()) + 1)
        groups = fresh.y if self._policy == "class_balanced" else fresh.task
        self.memory.offer(fresh, groups=groups, outputs=_said(learner, outputs) if self.keeps_outputs else None)

    def merge_task(self, task: int, *, into: int) -> None:
        """Let the rows of ``task`` be of ``into``."""
        for memory in self._memories:
            memory.merge_task(task, into=into, balanced=self._policy == "task_balanced")

    def forget(self, gone: Gone) -> int:
        """Let rows go; return how many."""
        return sum(memory.forget(gone) for memory in self._memories)

    @property
    def _memories(self) -> Sequence[Memory]:
        return [self.memory] if self._kept is None else [self.memory, self._kept]

    def gauges(self) -> Mapping[str, float]:
        """Return rows, bytes and rows seen."""
        return {
            "buffer_rows": len(self.memory),
            "buffer_capacity_rows": self.memory.storage.capacity,
            "buffer_bytes": self.memory.storage.nbytes,
            "buffer_seen_rows": self.memory.admission.n_seen,
        }

    def composition(self) -> tuple[dict[int, int], dict[int, int]]:
        """Return how many stored rows each task has, and each class (empty in regression)."""
        filled = slice(len(self.memory))
        tasks = _counts(self.memory.storage.task[filled])
        return tasks, _counts(self.memory.storage.y[filled]) if self.setting.classification else {}

    def state_dict(self) -> dict[str, Any]:
        """Return the rows and all counts and generators."""
        return {
            "policy": self._policy,
            "known": self._known,
            "memory": self.memory.state_dict(),
            **({} if self._kept is None else {"kept": self._kept.state_dict()}),
            "generator": generator_state(self._generator),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where the buffer was configured differently."""
        if state["policy"] != self._policy:
            raise ValueError(
                f"the checkpoint's buffer has policy {state['policy']}, the configured one {self._policy}"
            )
        self._known = state["known"]
        self.memory.load_state_dict(state["memory"])
        self._kept = deepcopy(self.memory) if "kept" in state else None
        if self._kept is not None:
            self._kept.load_state_dict(state["kept"])
        restore_generator(self._generator, state["generator"])


def _said(learner: Learner, outputs: Tensor) -> Tensor:
    """Return outputs as they can be remembered: those of a number in its own units, and none absurdly far out.

    When a target has jumped to another scale, what the model says for a while is no knowledge that is to be kept.
    """
    units = learner.objective.units
    if units is None:
        return outputs
    return units.of(outputs.clamp(-_FARTHEST, _FARTHEST))


def _capacity(options: BufferOptions, *, features: int, outputs: int) -> int:
    if options.bytes is None:
        return options.rows or DEFAULT_ROWS
    each = row_bytes(features, options.storage, outputs=outputs)
    if options.bytes < each:
        raise ValueError(f"{options.type}.bytes: {int(options.bytes)} bytes hold no row; one takes {each}")
    return int(options.bytes) // each


def _counts(groups: NDArray[Any]) -> dict[int, int]:
    values, counts = np.unique(groups, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))
