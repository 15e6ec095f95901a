"""Intervals around predicted numbers that hold as many labels as is wished, whatever the stream does."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass
from math import ceil, inf, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from strategies.provenance import UNKNOWN
from strategies.row_holder import key_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from strategies.row_holder import Gone

_STEP = 0.025
"""γ of the paper: what one miss changes the level by."""
_LESS_LATE = 0.75
"""A label that comes after d others changes it by γ / (1 + d) to this power: late and whole, it would swing."""
_RESIDUALS = 500
"""Newest residuals of a task that its intervals are made from."""


@dataclass(frozen=True, slots=True)
class IntervalScore:
    """How good the intervals of a task were on its newest events."""

    samples: int
    coverage: float
    """Share of the labels that lay within."""
    width: float | None
    """Mean width of those that have two ends; None where none has."""
    unbounded: float
    """Share of those that have not."""


class AdaptiveIntervals:
    """Adaptive conformal inference (Gibbs & Candès, NeurIPS 2021) on absolute residuals.

    An interval is the prediction ± that quantile of the task's newest residuals which the level α asks for; after
    each label α moves by ``γ (1 - coverage - missed)``. Over any T consecutive events the share of labels within is
    the wished one to (1 + 2γ) / (γ T), 0.84 points over 5,000, without any assumption on the stream (their
    proposition 4.1): where α falls below what residuals can tell, the interval has no ends. Only where labels lie
    on the prediction itself, so that no interval is too narrow, it is more.

    What is known before a row is what came before it, row by row: results do not depend on how rows are grouped.
    Memory is bounded by the number of tasks.

    >>> intervals = AdaptiveIntervals(0.9, window=100)
    >>> chance = np.random.default_rng(0)
    >>> label = chance.normal(size=3_000)
    >>> halves = intervals.follow(np.zeros(3_000), label=label, task=np.zeros(3_000, dtype=np.int64))
    >>> abs(float(np.mean(np.abs(label) <= halves)) - 0.9) < 0.01, 1.2 < float(np.median(halves)) < 2.2
    (True, True)
    """

    def __init__(self, coverage: float, *, window: int) -> None:
        """``coverage`` is the wished share; scores are over the ``window`` newest events of each task."""
        self._miss = 1 - coverage
        self._window = window
        self._level = self._miss
        self._tasks: dict[int, _Task] = {}

    def half_width(self, task: int) -> float:
        """Return how far the next interval of a task reaches on either side; infinity where it has no ends."""
        known = self._tasks.get(task)
        return inf if known is None else known.quantile(1 - self._level)

    def follow(
        self,
        value: NDArray[np.float64],
        *,
        label: NDArray[np.float64],
        task: NDArray[np.int64],
        key: NDArray[np.int64] | None = None,
    ) -> NDArray[np.float64]:
        """Return how far each row's interval reaches ``(rows,)``, NaN where nothing is said; learn the labels.

        ``key`` are the hashes of the rows' keys; unknown by default.
        """
        halves = np.full(len(value), np.nan)
        keys = np.full(len(value), UNKNOWN) if key is None else key
        rows = zip(value.tolist(), label.tolist(), task.tolist(), keys.tolist(), strict=True)
        for row, (said, truth, code, whose) in enumerate(rows):
            if isfinite(said) and isfinite(truth):
                halves[row] = half = self.half_width(code)
                self.learn(abs(truth - said), half=half, task=code, key=whose)
        return halves

    def learn(self, residual: float, *, half: float, task: int, key: int = UNKNOWN, late: int = 0) -> None:
        """Learn how far a label lay from its prediction, whose interval had that half width.

        It is ``late`` by so many events: those that were predicted meanwhile.
        """
        missed, step = residual > half, _STEP / (1 + late) ** _LESS_LATE
        # Nobody could go further but labels that lie on the prediction itself: an interval without ends or width.
        most = step * (1 + late)
        self._level = min(max(self._level + step * (self._miss - missed), -most), 1 + most)
        self._task(task).add(residual, half=half, missed=missed, key=key)

    def forget(self, gone: Gone) -> int:
        """Let residuals go; return how many: see ``RowHolder``. The level, and what the scores are of, stay."""
        keys = frozenset(map(key_hash, gone.keys))
        return sum(task.forget(keys) for task in self._tasks.values())

    def merge_task(self, task: int, *, into: int) -> None:
        """Let what is known of ``task`` be of ``into``: its number is another's from now on."""
        known = self._tasks.pop(task, None)
        if known is not None:
            self._task(into).take_up(known)

    def scores(self, names: Mapping[int, str]) -> dict[str, IntervalScore]:
        """Return the scores by the name of the task; ``names`` are those of all tasks, by code."""
        return {names[code]: task.score() for code, task in sorted(self._tasks.items()) if code in names}

    def state_dict(self) -> dict[str, Any]:
        """Return the level, and of each task its residuals and what its newest intervals were."""
        return {
            "level": self._level,
            "tasks": {str(code): task.state_dict() for code, task in self._tasks.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; nothing of an empty one."""
        if not state:
            return
        self._level, self._tasks = state["level"], {}
        for code, task in state["tasks"].items():
            self._task(int(code)).load_state_dict(task)

    def _task(self, code: int) -> _Task:
        return self._tasks.setdefault(code, _Task(self._window))


class _Task:
    """The newest residuals of a task, in the order in which they came and in that of their size."""

    def __init__(self, window: int) -> None:
        self._came: deque[float] = deque()
        self._keys: deque[int] = deque()
        """Hash of the key of each."""
        self._sorted: list[float] = []
        self._halves: deque[float] = deque(maxlen=window)
        self._missed: deque[bool] = deque(maxlen=window)

    def quantile(self, share: float) -> float:
        """Return what so large a share of the residuals is at most, with the next one counted among them."""
        place = ceil((len(self._sorted) + 1) * share)
        if place > len(self._sorted):
            return inf
        return self._sorted[place - 1] if place >= 1 else 0.0

    def add(self, residual: float, *, half: float, missed: bool, key: int) -> None:
        """Remember a residual, and how its interval was."""
        self._remember(residual, key)
        self._halves.append(half)
        self._missed.append(missed)

    def take_up(self, other: _Task) -> None:
        """Remember another task's newest ones as well."""
        for residual, key in zip(other._came, other._keys, strict=True):
            self._remember(residual, key)
        self._halves.extend(other._halves)
        self._missed.extend(other._missed)

    def forget(self, keys: Collection[int]) -> int:
        """Let the residuals of these keys go; return how many."""
        left = [(each, key) for each, key in zip(self._came, self._keys, strict=True) if key not in keys]
        gone = len(self._came) - len(left)
        self._came, self._keys = deque(each for each, _ in left), deque(key for _, key in left)
        self._sorted = sorted(self._came)
        return gone

    def score(self) -> IntervalScore:
        """Return how good the newest intervals were."""
        halves = np.array(self._halves)
        bounded = halves[np.isfinite(halves)]
        return IntervalScore(
            samples=len(halves),
            coverage=1 - float(np.mean(self._missed)),
            width=2 * float(bounded.mean()) if len(bounded) else None,
            unbounded=1 - len(bounded) / len(halves),
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the residuals in their order, and the newest intervals."""
        return {
            "residuals": np.array(self._came, dtype=np.float64),
            "keys": np.array(self._keys, dtype=np.int64),
            "halves": np.array(self._halves),
            "missed": np.array(self._missed, dtype=np.bool_),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._came = deque(np.asarray(state["residuals"]).tolist())
        self._keys = deque(np.asarray(state["keys"]).tolist())
        self._sorted = sorted(self._came)
        self._halves.extend(np.asarray(state["halves"]).tolist())
        self._missed.extend(np.asarray(state["missed"]).tolist())

    def _remember(self, residual: float, key: int) -> None:
        self._came.append(residual)
        self._keys.append(key)
        insort(self._sorted, residual)
        if len(self._came) > _RESIDUALS:
            oldest = self._came.popleft()
            self._keys.popleft()
            del self._sorted[bisect_left(self._sorted, oldest)]
