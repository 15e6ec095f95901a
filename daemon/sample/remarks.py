"""What in the data does not go with the configuration. A new check is one function, and one line in the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.sample import field_checks, role_checks
from daemon.sample.remark import Remark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemon.sample.look import Look


def remarks(look: Look) -> list[Remark]:
    """Return all that is remarkable, what is fatal first."""
    found = [remark for check in CHECKS for remark in check(look)]
    return sorted(found, key=lambda remark: not remark.fatal)


def _nothing(look: Look) -> Iterator[Remark]:
    if not look.sample.records:
        yield Remark(("source",), "there is no record yet", "look again when there are some")


def _rejected(look: Look) -> Iterator[Remark]:
    trial, limits = look.trial, look.config.rejections
    for (stage, reason), each in trial.rejected.items():
        record = each.first.record
        yield Remark(
            ("decoder",) if stage in ("decode", "features") else ("label",) if stage == "label" else ("tasks",),
            f"{each.count:,} of {trial.records:,} records would be rejected: {reason} at {stage};"
            f" the first is {record.topic}[{record.partition}] offset {record.offset}: {each.first.message}",
            _REMEDIES.get(reason, "mend what sends them, or let them be dead letters"),
            fatal=not limits.tolerate or trial.share > limits.max_share or reason == "unknown_class",
        )


_REMEDIES = {
    "missing_field": "set decoder.missing to mean, zero or last",
    "missing_label": "name the right decoder.label, or set rejections.max_share to 1 where most events have none",
    "unknown_class": "raise label.max_classes",
    "wrong_type": "list what stands for a missing value in null_values, or what matters in decoder.features",
    "undecodable": "correct decoder.type, or mend what writes these records",
}

CHECKS: tuple[Callable[[Look], Iterator[Remark]], ...] = (
    _nothing,
    role_checks.absent,
    role_checks.classes,
    role_checks.amount,
    field_checks.marks,
    role_checks.clock,
    field_checks.left_out,
    _rejected,
    role_checks.spelling,
    field_checks.identifiers,
    role_checks.tasks,
    role_checks.keys,
)
