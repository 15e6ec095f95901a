"""From a configuration to what defends the retention budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.config.components import resolve
from daemon.scoring.budget.budgets import Budgets
from daemon.scoring.budget.stages import Stages
from strategies import STRATEGIES
from strategies.options.buffer import BufferOptions

if TYPE_CHECKING:
    from daemon.config.schema import Config
    from daemon.learning.budget_guard import BudgetGuard
    from daemon.learning.scored_learner import ScoredLearner
    from daemon.scoring.budget.stages import Remedy
    from daemon.tasks.task_names import TaskNames


def require_budget(config: Config) -> None:
    """Raise ``ConfigError`` where all that is to be done about a breach is to rehearse more, and nothing does."""
    if config.retention.budget is not None and not _remedies(config):
        raise config.error(
            ("retention", "on_breach"),
            "boost rehearses more of a task, and no strategy here rehearses: add replay to strategies, or freeze to"
            " on_breach",
        )


def budget_guard(config: Config, *, scored: ScoredLearner, names: TaskNames) -> BudgetGuard | None:
    """Return what holds a learner to its budget; None where there is none."""
    retention = config.retention
    if retention.budget is None:
        return None
    from daemon.learning.budget_guard import BudgetGuard  # noqa: PLC0415 - torch; see strategies.options

    return BudgetGuard(
        Stages(_remedies(config), accept_after=retention.accept_after),
        scored=scored,
        budgets=Budgets(retention.budget.default, retention.budget.tasks, frozenset(retention.never)),
        names=names,
    )


def _remedies(config: Config) -> list[Remedy]:
    """Return what is to be done about a breach, without what cannot be."""
    rehearses = any(map(_rehearses, config.strategies))
    return [remedy for remedy in config.retention.on_breach if rehearses or remedy != "boost"]


def _rehearses(options: Any) -> bool:
    if options.type in STRATEGIES:
        return isinstance(options, BufferOptions)
    from strategies.buffer import Buffered  # noqa: PLC0415 - torch, which one's own class has imported anyway

    kind = resolve(options.type, STRATEGIES)
    return isinstance(kind, type) and issubclass(kind, Buffered)
