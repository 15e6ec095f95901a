"""Advice on restraint: learning rates, numbers of steps and earlier rows whose settings defeat each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemon.config.errors import KeyPath
    from daemon.config.schema import Config

    Remark = tuple[KeyPath, str, str]

_STEPS_ON_A_BATCH = 100
SCHEDULE = ("optimizer", "schedule")


def _rate_that_ends(config: Config) -> Iterator[Remark]:
    schedule = _schedule(config)
    if schedule is None or schedule.floor or schedule.type not in ("cosine", "step"):
        return
    if schedule.restart == "never" or config.tasks.type == "none":
        when = f"after {schedule.steps} steps" if schedule.type == "cosine" else "in the end"
        yield (
            (*SCHEDULE, "type"),
            f"{when} the learning rate is 0, and nothing is learned any more for as long as the stream lasts",
            "set schedule.floor, or tell tasks apart and set schedule.restart: boundary",
        )


def _boundaries_that_never_come(config: Config) -> Iterator[Remark]:
    if config.tasks.type != "none":
        return
    why = "without tasks there is no boundary, unless an operator draws one with SIGUSR2"
    schedule = _schedule(config)
    if schedule is not None and schedule.restart == "boundary":
        yield (*SCHEDULE, "restart"), f"{why}, and so no restart", "tell tasks apart, or leave it out"
    if schedule is not None and schedule.per_boundary < 1:
        yield (*SCHEDULE, "per_boundary"), f"{why}, and so the rate stays", "tell tasks apart, or leave it out"
    if config.learner.updates_per_task is not None:
        yield (
            ("learner", "updates_per_task"),
            f"{why}: after {config.learner.updates_per_task} steps the model only predicts, for good",
            "tell tasks apart, or leave it out",
        )


def _cap_that_cuts_nothing(config: Config) -> Iterator[Remark]:
    schedule, optimizer = _schedule(config), _optimizer(config)
    if schedule is not None and schedule.cap is not None and schedule.cap >= optimizer.lr:
        yield (
            (*SCHEDULE, "cap"),
            f"the rate never exceeds lr, {optimizer.lr:g}, so this cap cuts nothing",
            "set it below lr, or leave it out",
        )


def _budget_within_the_warm_up(config: Config) -> Iterator[Remark]:
    schedule, budget = _schedule(config), config.learner.updates_per_task
    if schedule is None or budget is None or schedule.restart != "boundary" or not schedule.warm_up:
        return
    if budget <= schedule.warm_up:
        yield (
            ("learner", "updates_per_task"),
            f"a task has {budget} steps, but the warm-up takes {schedule.warm_up} after each boundary",
            "shorten schedule.warm_up, or set schedule.restart: never",
        )


def _many_steps_on_one_batch(config: Config) -> Iterator[Remark]:
    rate, batch = config.learner.updates_per_event, config.learner.batch
    if rate is not None and rate * batch > _STEPS_ON_A_BATCH:
        yield (
            ("learner", "updates_per_event"),
            f"{rate * batch:.0f} steps one after another on the same {batch} events fit the model to them alone",
            f"set learner.batch to {max(1, int(_STEPS_ON_A_BATCH / rate))} or less",
        )


def _reference_drawn_by_nobody(config: Config) -> Iterator[Remark]:
    reference = config.reference
    if reference is None or reference.probe_share == 1:
        return
    if all(strategy.type != "mixing" for strategy in config.strategies):
        yield (
            ("reference",),
            f"{1 - reference.probe_share:.0%} of its rows are neither scored nor mixed in",
            "add {type: mixing} to strategies, or set reference.probe_share: 1",
        )


def _reference_from_the_stream(config: Config) -> Iterator[Remark]:
    if config.reference is None:
        return
    shared = _places(config.reference.source) & _places(config.source)
    if shared:
        yield (
            ("reference", "source"),
            f"the stream comes from {', '.join(sorted(shared))} too: what is scored here is learned there",
            "give the reference rows a file or topic of their own",
        )


def _places(source: Any) -> set[str]:
    """Return the topics or paths that a source reads, as they are written."""
    topics = getattr(source, "topics", ())
    path = getattr(source, "path", ())
    paths = (path,) if isinstance(path, str) else path
    return {*topics, *(entry if isinstance(entry, str) else entry.path for entry in paths)}


def _optimizer(config: Config) -> Any:
    return config.optimizer


def _schedule(config: Config) -> Any:
    """Return the optimizer's schedule, None where it is a user's own that has none."""
    return getattr(config.optimizer, "schedule", None)


ADVISERS: tuple[Callable[[Config], Iterator[Remark]], ...] = (
    _rate_that_ends,
    _boundaries_that_never_come,
    _cap_that_cuts_nothing,
    _budget_within_the_warm_up,
    _many_steps_on_one_batch,
    _reference_drawn_by_nobody,
    _reference_from_the_stream,
)
