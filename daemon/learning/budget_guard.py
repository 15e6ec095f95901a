"""Defends the retention budget of one learner: what the stages say is done with it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import structlog
import torch

from daemon.scoring.budget.reading import Reading
from daemon.scoring.budget.snapshot import BudgetSnapshot
from daemon.scoring.budget.stages import STAGES
from strategies.learner import Learner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.learning.scored_learner import ScoredLearner
    from daemon.scoring.budget.budgets import Budgets
    from daemon.scoring.budget.stages import Change, Stages
    from daemon.tasks.task_names import TaskNames
    from strategies.recast import Recast

log = structlog.get_logger("retaind")

_TOLD = {
    "calm": "inside the retention budget again",
    "boost": "a retention budget is passed: more of the task is rehearsed",
    "rollback": "a retention budget is passed: going back to an earlier state",
    "freeze": "a retention budget is passed: nothing is learned",
    "trial": "learning again, on trial",
}


class BudgetGuard:
    """Shows every evaluation to the stages, boosts, and takes the model back to when it was inside its budgets.

    ``frozen`` says that nothing is to be learned; ``wants_rollback`` that an earlier state is to be taken up, which
    only the whole service can do.
    """

    def __init__(self, stages: Stages, *, scored: ScoredLearner, budgets: Budgets, names: TaskNames) -> None:
        assert isinstance(scored.learner, Learner), "a closed form has no budget"
        self._stages = stages
        self._scored = scored
        self._learner = scored.learner
        self._budgets = budgets
        self._names = names
        self._safe = torch.zeros(0)
        """The weights of the newest evaluation with all inside their budgets; none where none are taken back."""
        self.inside_at = -1
        """Events of the newest evaluation of this process at which all was calm and inside; -1 before one."""

    @property
    def frozen(self) -> bool:
        """Whether nothing is to be learned."""
        return self._stages.frozen

    @property
    def wants_rollback(self) -> bool:
        """Whether an earlier state is to be taken up."""
        return self._stages.wants_rollback

    def evaluated(self, *, events: int) -> None:
        """Take note that the learner was evaluated after so many events."""
        readings = self._readings()
        change = self._stages.observe(readings, events=events)
        inside = all(each.inside for each in readings.values())
        if not len(self._safe) or (inside and not self._stages.frozen):
            self._keep()
        if inside and change.now == "calm":
            self.inside_at = events
        for task in change.let_go:
            self._scored.evaluator.matrix.let_go(task)
            log.warning(
                "a task is let go: its budget could not be held, and begins anew with the next boundary",
                task=self._names.name(task),
                remedy="list it under retention.never where it must not be sacrificed",
                events=events,
            )
        self._follow(change, events=events)

    def state_from(self, earlier: Mapping[str, Any], *, events: int) -> dict[str, Any]:
        """Return with what an earlier state, which has seen so many events, goes on: the stages of now.

        ``earlier`` is what this guard's ``state_dict`` was then; the weights are those of then. Nothing is changed.
        """
        stages = deepcopy(self._stages)
        stages.went_back(events=events)
        return {**earlier, "stages": stages.state_dict()}

    def cannot_go_back(self, why: str, *, events: int) -> None:
        """Take note that no earlier state can be taken up, and go on to what is to be done next."""
        log.warning("no earlier state is gone back to", reason=why, events=events)
        self._follow(self._stages.cannot_go_back(), events=events)

    def merge_task(self, task: int, *, into: int) -> None:
        """Let what is known of ``task`` be of ``into``."""
        self._stages.merge_task(task, into=into)
        self._boost()

    def recast(self, recast: Recast) -> None:
        """Move the weights that are kept with the scales."""
        if len(self._safe):
            recast.move(self._safe)

    def snapshot(self, names: Mapping[int, str]) -> BudgetSnapshot:
        """Return how the defence stands; ``names`` are those of all tasks, by code."""
        stages = self._stages
        return BudgetSnapshot(
            stage=stages.stage,
            causes=tuple(names.get(task, "") for task in sorted(stages.causes)),
            budgets={names[task]: self._budgets.of(names[task]) for task in self._scored_tasks() if task in names},
            boosts={names[task]: times for task, times in stages.boosts.items() if task in names},
            evaluations_frozen=stages.frozen_for,
            events_left=stages.events_left,
            entered={stage: stages.entered[stage] for stage in STAGES},
            let_go=stages.let_go,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the stages, and the weights to go back to."""
        return {"stages": self._stages.state_dict(), "safe": self._safe}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state, after the learner has; an empty one, of before there was a budget, begins with now."""
        if state:
            self._stages.load_state_dict(state["stages"])
        if state and len(state["safe"]):
            self._safe = torch.as_tensor(state["safe"]).clone()
        else:
            self._keep()
        self._boost()

    def _readings(self) -> dict[int, Reading]:
        """Return what was lost of each past task at the latest evaluation."""
        figures = self._scored.evaluator.figures()
        named = {task: self._names.name(task) for task in figures.tasks}
        return {
            task: Reading(
                of.forgetting,
                error=of.error,
                budget=self._budgets.of(named[task]),
                never=named[task] in self._budgets.never,
            )
            for task, of in figures.tasks.items()
            if of.forgetting is not None and of.error is not None
        }

    def _scored_tasks(self) -> list[int]:
        return [task for task, of in self._scored.evaluator.figures().tasks.items() if of.now is not None]

    def _follow(self, change: Change, *, events: int) -> None:
        """Do what a change of the stage asks for."""
        if change.now == "freeze" != change.before:
            self._learner.take_back(self._safe)
        self._boost()
        if change.now != change.before:
            tell = log.info if change.now in {"calm", "trial"} else log.warning
            causes = [self._names.name(task) for task in sorted(self._stages.causes)]
            tell(_TOLD[change.now], tasks=causes, before=change.before, events=events)

    def _keep(self) -> None:
        """Keep the model as it is now, and the rows that it remembers, where they may have to be taken back."""
        if self._stages.freezes:
            self._safe = self._learner.keep().clone()

    def _boost(self) -> None:
        for _, strategy in self._learner.strategies:
            strategy.boost(self._stages.boosts)
