"""The options of the retention budget: how much may be forgotten, and what is done about more."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from daemon.options import Section
from daemon.scoring.budget.stages import REMEDIES, Remedy
from strategies.options import LIVE

Loss = Annotated[float, Field(gt=0, le=1)]


class TaskBudgets(Section):
    """How much each task may lose of its best score: accuracy from 0 to 1, or R²."""

    default: Loss = Field(description="What every other task may lose.")
    tasks: dict[str, Loss] = Field({}, description="What tasks may lose, by name.")


def _of_all(value: Any) -> Any:
    """Take a number for the budget of all tasks."""
    return value if isinstance(value, dict | TaskBudgets) or value is None else {"default": value}


class BudgetOptions(Section):
    """What of the section ``retention`` is about the budget."""

    budget: Annotated[
        TaskBudgets | None, BeforeValidator(_of_all, json_schema_input_type=Loss | TaskBudgets | None)
    ] = Field(
        None,
        description="How much a task may lose of its best score, such as 0.03, before the remedies of on_breach are"
        " taken; null: it is measured only.",
        json_schema_extra=LIVE,
    )
    on_breach: tuple[Remedy, ...] = Field(
        REMEDIES,
        min_length=1,
        description="Remedies, one after another, while a budget is passed by more than the score's standard error:"
        " rehearse more of the task (boost), take up the newest checkpoint inside the budget and relearn"
        " (rollback), go on predicting and learn nothing for a while (freeze).",
        json_schema_extra=LIVE,
    )
    never: tuple[str, ...] = Field(
        (),
        description="Tasks that are never let go, however long their budget cannot be held.",
        json_schema_extra=LIVE,
    )
    accept_after: Annotated[int, Field(ge=1)] | None = Field(
        100_000,
        description="Events from the last remedy on, after which a task is let go whose budget could not be held:"
        " its budget begins anew; null: never.",
        json_schema_extra=LIVE,
    )

    stability: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None,
        description="A dial from learning what is new (0) to keeping what is old (1): it sets the learning rate,"
        " the strengths of methods and how many rows are rehearsed, where the file leaves them out; 0.5 is as by"
        " default. null: nothing.",
        json_schema_extra=LIVE,
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        wanted = [remedy for remedy in REMEDIES if remedy in self.on_breach]
        if list(self.on_breach) != wanted:
            raise ValueError(f"on_breach is taken in one order; write [{', '.join(wanted)}]")
        if self.never and self.budget is None:
            raise ValueError("never says what is not let go, but there is no budget; give retention.budget too")
        return self
