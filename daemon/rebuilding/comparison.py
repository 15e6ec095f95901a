"""Whether what was rebuilt answers as well as the daemon does, on the newest events that both have met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daemon.build.restored import restored
from daemon.learning.stopwatch import Stopwatch
from strategies.row_holder import Gone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daemon.config.schema import Config
    from daemon.scoring.lead import Lead
    from daemon.state.generation import SavedState

LEVEL_DEVIATIONS = 2.0
"""Behind by fewer standard errors of the difference is level."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of each target, ``ALONE`` where it is one label; None where there is nothing to compare."""

    leads: Mapping[str, Lead | None]
    """Of what was rebuilt, over the daemon's state at the same positions, on what is published."""
    events: int
    """That what was rebuilt has met."""
    events_before: int
    """That the daemon had met."""

    @property
    def is_level(self) -> bool:
        """Whether it is not behind for any target, by as much as chance does not explain."""
        return all(map(self.is_level_for, self.leads))

    def is_level_for(self, target: str) -> bool:
        """Whether it is not behind for that target."""
        lead = self.leads[target]
        return lead is not None and (lead.lead >= 0 or lead.deviations > -LEVEL_DEVIATIONS)

    def told(self) -> dict[str, Any]:
        """Return it as JSON values."""
        newest = {
            target: None if lead is None else {"rows": lead.rows, "score": lead.score, "score_before": lead.other}
            for target, lead in self.leads.items()
        }
        counts = {"events": self.events, "events_before": self.events_before}
        return {**counts, "newest": newest, "level": self.is_level}


def compare(config: Config, rebuilt: SavedState, before: SavedState, *, keys: Sequence[bytes]) -> Comparison:
    """Return how two states of the same positions compare; rows of ``keys``, which one has met, do not count."""
    one, other = (restored(config, each, stopwatch=Stopwatch()) for each in (rebuilt, before))
    other.forget(Gone.of_keys(keys))
    leads: dict[str, Lead | None] = {}
    for target, pipeline in other.by_target.items():
        mine, theirs = one.by_target[target].main, pipeline.main
        both = mine is not None and theirs is not None
        leads[target] = mine.answers.lead_over_former(theirs.answers) if both and mine and theirs else None
    return Comparison(leads, events=one.events, events_before=other.events)
