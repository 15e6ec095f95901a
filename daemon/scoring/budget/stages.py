"""At which stage the defence of the retention budget is: a pure function of the readings, one after another."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daemon.scoring.budget.reading import Reading

Remedy = Literal["boost", "rollback", "freeze"]
Stage = Literal["calm", "boost", "rollback", "freeze", "trial"]
REMEDIES: Final[tuple[Remedy, ...]] = get_args(Remedy)
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)

MOST_BOOST = 4.0
"""Rows of boosted tasks that a step rehearses on top, as a multiple of what it rehearses anyway."""
FIRST_PATIENCE, MOST_PATIENCE = 2, 64
"""Evaluations inside the budget, one after another, before a stage is left."""
SOON = 8
"""A breach within so many times the patience after the last one was over is the same trouble again."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an evaluation has changed."""

    before: Stage
    now: Stage
    let_go: frozenset[int] = frozenset()
    """Tasks that are given up: what they were is not defended any more."""


class Stages:
    """Climbs from remedy to remedy while a budget is passed, and comes down again.

    ``calm`` until a task has lost more than its budget and its standard error. Then the remedies, in their order:

    - ``boost``: more rows of the task are rehearsed; twice as many at each evaluation that is still a breach, at
      most ``MOST_BOOST``, and half as many at each that is inside. A breach at the most: the next remedy.
    - ``rollback``: ``wants_rollback`` asks for an earlier state, from which all is relearned, boosted. A breach
      there: the next remedy. It is not left before all is relearned.
    - ``freeze``: nothing is learned for some evaluations. Then a ``trial`` learns again, boosted; a breach there,
      and the next freeze is twice as long.

    A stage is left for ``calm`` after ``patience`` evaluations inside the budget, one after another. Trouble that
    comes back soon finds a patience that is twice as long. A task that could not be held ``accept_after`` events
    after the last remedy had begun is let go, unless it is never to be.
    """

    def __init__(self, remedies: Sequence[Remedy], *, accept_after: int | None) -> None:
        assert list(remedies) == [each for each in REMEDIES if each in remedies]
        assert remedies
        self._remedies = tuple(remedies)
        self._accept_after = accept_after
        self.stage: Stage = "calm"
        self.causes: set[int] = set()
        """Tasks that have passed their budgets since all was calm."""
        self.entered: Counter[str] = Counter()
        """How often each stage was begun; ``calm``: how often all was well again."""
        self.let_go = 0
        self._levels: dict[int, float] = {}
        self._wants_rollback = False
        self._patience, self._inside, self._quiet = FIRST_PATIENCE, 0, 0
        self._hold, self._held = 0, 0
        self._clock, self._events, self._relearn_to = 0, 0, 0
        self._at_the_end: int | None = None
        """When the last remedy was begun, by the clock; None before it."""

    @property
    def wants_rollback(self) -> bool:
        """Whether an earlier state is to be taken up; until then no evaluation says anything."""
        return self._wants_rollback

    @property
    def freezes(self) -> bool:
        """Whether freezing is among the remedies."""
        return "freeze" in self._remedies

    @property
    def frozen(self) -> bool:
        """Whether nothing is to be learned."""
        return self.stage == "freeze"

    @property
    def _relearns(self) -> bool:
        """Whether it is still learned again what was learned before."""
        return self.stage == "rollback" and self._events < self._relearn_to

    @property
    def boosts(self) -> dict[int, float]:
        """How many rows of each task are rehearsed on top, as a multiple of a step's; together ``MOST_BOOST``."""
        total = sum(self._levels.values())
        return {task: level * min(1.0, MOST_BOOST / total) for task, level in sorted(self._levels.items())}

    @property
    def frozen_for(self) -> int:
        """Evaluations until the next trial; 0 where nothing is frozen."""
        return self._hold - self._held if self.frozen else 0

    @property
    def events_left(self) -> int | None:
        """Events until what cannot be held is let go; None where that is not to be."""
        if self._at_the_end is None or self._accept_after is None:
            return None
        return max(0, self._at_the_end + self._accept_after - self._clock)

    def observe(self, readings: Mapping[int, Reading], *, events: int) -> Change:
        """Take an evaluation of all past tasks after so many events; return what changes with it."""
        before = self.stage
        if self._wants_rollback:
            return Change(before, before)
        self._clock += max(0, events - self._events)
        self._events = events
        breached = {task for task, reading in readings.items() if reading.breached}
        # What is relearned is inside by itself, until it comes to where it was not.
        inside = not self._relearns and all(reading.inside for reading in readings.values())
        at_most = all(self._levels.get(task, 0.0) >= MOST_BOOST for task in breached)
        if not self.frozen:
            self._change_boosts(readings)
        self._step(breached, inside=inside, boosted=at_most)
        gone = self._accept(readings)
        return Change(before, self.stage, gone)

    def went_back(self, *, events: int) -> None:
        """Take note that an earlier state was taken up, which had seen so many events."""
        assert self._wants_rollback
        self._wants_rollback = False
        self._events = events
        self._boost_causes()

    def cannot_go_back(self) -> Change:
        """Take note that there is no earlier state to take up; return what is done instead."""
        assert self._wants_rollback
        self._wants_rollback = False
        before = self.stage
        self._climb()
        return Change(before, self.stage)

    def merge_task(self, task: int, *, into: int) -> None:
        """Let what is known of ``task`` be of ``into``."""
        if task in self.causes:
            self.causes = self.causes - {task} | {into}
        if (level := self._levels.pop(task, None)) is not None:
            self._levels[into] = max(level, self._levels.get(into, 0.0))

    def _step(self, breached: set[int], *, inside: bool, boosted: bool) -> None:
        self._inside = self._inside + 1 if inside else 0
        if self.stage == "calm":
            self._quiet += 1
            if breached:
                self._begin(breached)
            return
        self.causes |= breached
        if self.stage == "freeze":
            self._held += 1
            if self._held >= self._hold:
                self._enter("trial")
                self._boost_causes()
        elif breached and self.stage == "trial":
            self._freeze()
        elif breached and (self.stage == "rollback" or boosted):
            self._climb()
        elif self._inside >= self._patience:
            self._calm_down()

    def _begin(self, breached: set[int]) -> None:
        soon = self.entered["calm"] > 0 and self._quiet <= SOON * self._patience
        self._patience = min(MOST_PATIENCE, 2 * self._patience) if soon else FIRST_PATIENCE
        self.causes = set(breached)
        self._hold = 0
        self._climb()

    def _climb(self) -> None:
        """Begin the next remedy; where there is none, stay, and count from the first time."""
        later = REMEDIES[REMEDIES.index(self.stage) + 1 :] if self.stage in REMEDIES else REMEDIES
        following = [remedy for remedy in later if remedy in self._remedies]
        if not following or following[0] == self._remedies[-1]:
            self._at_the_end = self._clock if self._at_the_end is None else self._at_the_end
        if not following:
            return
        if following[0] == "freeze":
            self._freeze()
        else:
            self._enter(following[0])
            self._wants_rollback, self._relearn_to = following[0] == "rollback", self._events

    def _freeze(self) -> None:
        self._hold, self._held = 2 * self._hold or self._patience, 0
        self._enter("freeze")

    def _calm_down(self) -> None:
        self._enter("calm")
        self.causes, self._at_the_end, self._quiet = set(), None, 0

    def _enter(self, stage: Stage) -> None:
        self.stage, self._inside = stage, 0
        self.entered[stage] += 1

    def _change_boosts(self, readings: Mapping[int, Reading]) -> None:
        if "boost" not in self._remedies:
            return
        for task, reading in readings.items():
            level = self._levels.get(task, 0.0)
            if reading.breached:
                self._levels[task] = min(MOST_BOOST, max(1.0, 2 * level))
            elif reading.inside and level and not self._relearns:
                self._levels[task] = level / 2
        self._levels = {task: level for task, level in self._levels.items() if level >= 1}

    def _boost_causes(self) -> None:
        if "boost" in self._remedies:
            self._levels |= dict.fromkeys(self.causes, MOST_BOOST)

    def _accept(self, readings: Mapping[int, Reading]) -> frozenset[int]:
        """Let those tasks go that could not be held for long enough; return them."""
        if self.events_left != 0 or self._wants_rollback:
            return frozenset()
        gone = {task for task in self.causes if task not in readings or not readings[task].never}
        self.causes -= gone
        self.let_go += len(gone)
        for task in gone:
            self._levels.pop(task, None)
        if gone and not self.causes:
            self._calm_down()
        return frozenset(gone)

    def state_dict(self) -> dict[str, Any]:
        """Return everything: the next evaluation says the same in another process."""
        return {
            "stage": self.stage,
            "causes": sorted(self.causes),
            "entered": {stage: self.entered[stage] for stage in STAGES},
            "let_go": self.let_go,
            "levels": [[task, level] for task, level in sorted(self._levels.items())],
            "wants_rollback": self._wants_rollback,
            "patience": self._patience,
            "inside": self._inside,
            "quiet": self._quiet,
            "hold": self._hold,
            "held": self._held,
            "clock": self._clock,
            "events": self._events,
            "relearn_to": self._relearn_to,
            "at_the_end": self._at_the_end,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state. Where its stage is no remedy any more, what is configured now begins anew."""
        self.entered, self.let_go = Counter(state["entered"]), state["let_go"]
        self._clock, self._events, self._relearn_to = state["clock"], state["events"], state["relearn_to"]
        self._patience, self._quiet = state["patience"], state["quiet"]
        if not self._knows(state["stage"]):
            return
        self.stage, self.causes = state["stage"], set(state["causes"])
        self._levels = {task: level for task, level in state["levels"] if "boost" in self._remedies}
        self._wants_rollback, self._inside = state["wants_rollback"], state["inside"]
        self._hold, self._held = state["hold"], state["held"]
        self._at_the_end = state["at_the_end"]

    def _knows(self, stage: str) -> bool:
        return stage == "calm" or ("freeze" if stage == "trial" else stage) in self._remedies
