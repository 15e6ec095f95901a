"""What an operator is to hear while the daemon runs: that answers are worse than they need be, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from daemon.intake.labels.alone import ALONE
from daemon.learning.snapshot import COMMITTEE, NO_CHANGE
from daemon.telemetry.below import WINDOWS, Below
from daemon.telemetry.comparison import NAIVE
from daemon.telemetry.remedies import why_and_remedy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.learning.snapshot import Leads
    from daemon.scoring.lead import Lead

log = structlog.get_logger("retaind")

REFERENCES = (NO_CHANGE, NAIVE)
"""Whoever the published answers should not be below."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One remark, as long as it holds."""

    reference: str
    """Below whom the answers are."""
    since_events: int
    """Events of the stream when it was first said."""
    lead: Lead
    """In the newest window that was judged; below 0 the reference is better."""
    why: str
    remedy: str


class Advisor:
    """Judges the published answers once every ``window_events``, and says when its judgement changes.

    A function of the events and of where turns of the loop end; a new process judges anew.
    """

    def __init__(self, *, window_events: int, target: str = ALONE) -> None:
        self._window_events = window_events
        self._of_target = {} if target == ALONE else {"target": target}
        self._judged_at: int | None = None
        self._below: dict[str, Below] = {}
        self._given: Mapping[str, Advice] = {}

    def of_target(self, target: str) -> Advisor:
        """Return one who judges as often, of one of several targets."""
        return Advisor(window_events=self._window_events, target=target)

    def due(self, events: int) -> bool:
        """Tell whether there is a new window, after so many events of the stream; the first only begins here."""
        if self._judged_at is None:
            self._judged_at = events
        return events - self._judged_at >= self._window_events

    def judge(self, leads: Leads, *, events: int) -> None:
        """Judge the newest window, and log what has changed."""
        self._judged_at = events
        known = {name: leads.of_answers[name] for name in REFERENCES if name in leads.of_answers}
        self._below = {name: self._below.get(name, Below()) for name in known}
        before, committee = self._given, COMMITTEE in leads.of_main
        self._given = {
            name: _advice(name, lead, committee=committee, since=before.get(name), events=events)
            for name, lead in known.items()
            if self._below[name].judge(lead)
        }
        for name in self._given.keys() - before.keys():
            _say(self._given[name], self._of_target)
        for name in before.keys() - self._given.keys():
            log.info(
                "answers are not below the reference any more", reference=name, events=events, **self._of_target
            )

    def given(self) -> list[Advice]:
        """Return what holds now."""
        return list(self._given.values())

    def is_below(self) -> dict[str, bool]:
        """Return for each reference there is whether the answers are below it; none before the first window."""
        return {name: name in self._given for name in self._below}


def _advice(name: str, lead: Lead, *, committee: bool, since: Advice | None, events: int) -> Advice:
    why, remedy = why_and_remedy(name, committee=committee)
    return Advice(
        name,
        since_events=events if since is None else since.since_events,
        lead=lead,
        why=why,
        remedy=remedy,
    )


def _say(advice: Advice, of_target: Mapping[str, str]) -> None:
    log.warning(
        "answers are below a reference",
        **of_target,
        reference=advice.reference,
        events=advice.since_events,
        windows=WINDOWS,
        score=round(advice.lead.score, 4),
        reference_score=round(advice.lead.other, 4),
        why=advice.why,
        remedy=advice.remedy,
    )
