"""Why events were rejected: each reason in the log as it comes, and all of them at the end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import structlog

from daemon.loop.reject_limit import place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.decoder import Reject

log = structlog.get_logger("retaind")


class NothingLearnedError(Exception):
    """Every event of the run was rejected: its data or its configuration is not what was meant."""


class RejectCounts:
    """Counts rejects by stage and reason, and says of each kind where one was and why.

    One line a call and kind; the log itself limits how often a line is repeated. What the format has to have, such
    as deletions, is no fault and is not counted here.
    """

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], str] = {}

    def add(self, rejects: Sequence[Reject]) -> None:
        """Count some rejects, and log the first one of each kind among them."""
        faults = [reject for reject in rejects if not reject.expected]
        if not faults:
            return
        now = Counter((reject.stage, reject.reason) for reject in faults)
        first = {(reject.stage, reject.reason): reject for reject in reversed(faults)}
        self._counts.update(now)
        for kind, reject in first.items():
            self._examples.setdefault(kind, place(reject))
            # Kind by kind, so that one does not use up what the log allows of another.
            event = f"event rejected: {reject.reason} at {reject.stage}"
            log.warning(event, first=place(reject), count=now[kind])

    def sum_up(self, *, learned: int, held: int) -> None:
        """Say how many events were rejected, and why; raise ``NothingLearnedError`` where none was learned."""
        total = self._counts.total()
        if not total:
            return
        reasons = {f"{reason} at {stage}": count for (stage, reason), count in self._counts.most_common()}
        if learned or held:
            log.warning("events were rejected", rejected=total, reasons=reasons)
            return
        kind, _ = self._counts.most_common(1)[0]
        said = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        raise NothingLearnedError(
            f"{total} of {total} events were rejected, so nothing was learned: {said}; the first,"
            f" {self._examples[kind]}"
        )
