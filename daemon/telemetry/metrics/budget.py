"""How the model is held to its retention budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.scoring.budget.stages import STAGES
from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from daemon.scoring.budget.snapshot import BudgetSnapshot
    from daemon.telemetry.metrics.board import Board
    from daemon.telemetry.metrics.bounded_labels import BoundedLabels

BUDGET = Family(
    "retaind_budget",
    "gauge",
    "What a task may lose of its best score; absent without retention.budget.",
    ("task",),
    unit="score",
)
STAGE = Family(
    "retaind_budget_stage",
    "gauge",
    "1 for what is done now about a budget that is passed: calm, boost, rollback, freeze or trial; else 0.",
    ("stage",),
)
ENTERED = Family(
    "retaind_budget_stages_total",
    "counter",
    "How often each stage was begun, in all runs; calm: how often all was inside again.",
    ("stage",),
    unit="stages",
)
BOOST = Family(
    "retaind_budget_boost",
    "gauge",
    "Rows of a task rehearsed in a step on top of the others, as a multiple of these.",
    ("task",),
)
LET_GO = Family(
    "retaind_budget_tasks_let_go_total",
    "counter",
    "Tasks whose budget could not be held for retention.accept_after events, in all runs.",
    unit="tasks",
)
FAMILIES = (BUDGET, STAGE, ENTERED, BOOST, LET_GO)


class BudgetMetrics:
    """Shows the defence where there is a budget, and nothing where there is none."""

    def __init__(self, board: Board, *, tasks: BoundedLabels) -> None:
        self._board = board
        self._tasks = tasks

    def show(self, budget: BudgetSnapshot) -> None:
        """Show how it stands."""
        with self._board.tell() as now:
            now.replace(BUDGET, now.chosen(self._tasks, budget.budgets))
            now.replace(STAGE, {(stage,): float(stage == budget.stage) for stage in STAGES})
            now.replace(ENTERED, {(stage,): count for stage, count in budget.entered.items()})
            now.replace(BOOST, now.chosen(self._tasks, budget.boosts))
            now.set(LET_GO, budget.let_go)
