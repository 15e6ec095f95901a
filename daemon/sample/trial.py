"""What the daemon would make of a sample: the same decoder, tasks and labels, and nothing learned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from daemon.build.later_intake import build_later_intake
from daemon.build.pipeline import build_intake, build_tasks
from daemon.intake.features.field_names import FieldNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.decoder import Reject
    from connectors.record import Record
    from daemon.config.schema import Config
    from daemon.intake.intake import Intake

_AT_ONCE = 512


@dataclass(slots=True)
class Rejected:
    """Records that were rejected for one reason."""

    first: Reject
    count: int = 0


@dataclass(slots=True)
class Trial:
    """What came of a sample."""

    records: int = 0
    rejected: dict[tuple[str, str], Rejected] = field(default_factory=dict)
    """By stage and reason."""
    fields: Sequence[str] = ()
    """Those that the decoder takes from an event as features."""
    unknown_field: FieldNameError | None = None
    """A field that the section ``features`` names and no event has."""

    @property
    def rejects(self) -> int:
        """Records that would be rejected."""
        return sum(each.count for each in self.rejected.values())

    @property
    def share(self) -> float:
        """Their share of all."""
        return self.rejects / self.records if self.records else 0.0


def try_out(config: Config, records: Sequence[Record]) -> Trial:
    """Take records in as the daemon would, from its first event on."""
    # Which of several targets is predicted makes no event a bad one.
    view = next(iter(config.views.values()))
    intake, take = _intake(view)
    trial = Trial(records=len(records))
    for start in range(0, len(records), _AT_ONCE):
        try:
            rejects = take(records[start : start + _AT_ONCE])
        except FieldNameError as error:
            trial.unknown_field = error
            break
        for reject in rejects:
            trial.rejected.setdefault((reject.stage, reject.reason), Rejected(reject)).count += 1
    trial.fields = tuple(intake.field_names or ())
    return trial


def _intake(config: Config) -> tuple[Intake, Callable[[Sequence[Record]], list[Reject]]]:
    """Return what makes rows of events, and how it takes records and returns those that it rejects."""
    tasks = build_tasks(config)
    if config.label.is_later:
        later = build_later_intake(config, tasks=tasks)
        return later, lambda records: later.find(later.decode(records)).rejects
    now = build_intake(config, tasks=tasks)
    return now, lambda records: now.take(records)[1]
