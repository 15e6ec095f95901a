"""From records to events whose labels come later, and to the labels that have come."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import structlog
import torch

from daemon.intake.arrivals import Arrivals
from daemon.intake.intake import Intake, in_order
from daemon.intake.labels.label_columns import label_columns, label_width
from daemon.intake.later.label_lags import LabelLags

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from connectors.decoder import Reject, Rows
    from connectors.record import Record
    from daemon.intake.asked_rows import RowGlance
    from daemon.intake.features.options import FeaturesSection
    from daemon.intake.labels.options import ClassLabel, NumberLabel
    from daemon.intake.later.found import Heard, Outcome
    from daemon.intake.later.label_finder import LabelFinder
    from daemon.tasks.assigned import Assigned
    from strategies.row_holder import Gone

log = structlog.get_logger("retaind")

_MANY = 100


@dataclass(frozen=True, slots=True)
class Decoded:
    """Events that have a task, the records that hold labels, and what is neither."""

    rows: Rows
    assigned: Assigned
    labels: Sequence[Record]
    records: Sequence[Record]
    rejects: list[Reject]


@dataclass(frozen=True, slots=True)
class Taken:
    """What has come of some records."""

    arrivals: Arrivals | None
    """Events without labels; None where there are none."""
    first: int
    """The number of the first one."""
    heard: Heard
    targets: torch.Tensor
    """The labels that were heard ``(labels,)`` as they are learned."""
    gone: Sequence[int]
    """The numbers of events that get no label; those in hand among them."""
    expired: Sequence[tuple[int, int]]
    """Those of them whose label has not come in time: the number, and that of the first event that comes then."""
    rejects: list[Reject]


class LaterIntake(Intake):
    """Makes rows of events on arrival, and finds the labels that come for earlier ones.

    Of labels a row knows those that had come by then, and in the order in which they came.
    """

    def __init__(
        self,
        *arguments: Any,
        finder: LabelFinder,
        label: ClassLabel | NumberLabel,
        features: FeaturesSection,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._finder = finder
        self._label = label
        self._lags = LabelLags(
            depth=features.label_lags,
            width=label_width(label),
            per_key=features.per_key,
            max_keys=features.max_keys,
        )
        self.outcomes: Counter[Outcome] = Counter()
        """What has come of labels and of the events that waited, in this and all earlier runs."""
        self._told_of_resent = False

    @property
    def unlabelled(self) -> int:
        """Events that wait for their label."""
        return len(self._finder.patience)

    @property
    def early(self) -> int:
        """Labels that wait for their event."""
        return self._finder.early

    @property
    def numbered(self) -> int:
        """Events so far, in this and all earlier runs."""
        return self._finder.patience.next

    @property
    def glance(self) -> RowGlance:
        """What makes rows of what is asked, as this would of the next event; a live view."""
        return self._rows.glance(self._lags)

    def wait_for_at_most(self, events: int) -> None:
        """Let an event wait until so many have come after it, or fewer."""
        patience = self._finder.patience
        patience.most = min(patience.most, events)

    def prepare(self, records: Sequence[Record]) -> None:
        """Get what these records need from elsewhere."""
        super().prepare(records)
        self._finder.prepare(records)

    def decode(self, records: Sequence[Record]) -> Decoded:
        """Return the events among the records, and which others hold labels."""
        events, labels = self._finder.events(records)
        rows, rejects = self._rows.decode(events)
        self._odd.update(rows.odd)
        rows, assigned = self._assign_tasks(rows, rejects)
        if len(rows):
            self._rows.begin()
        return Decoded(rows, assigned, labels, records, rejects)

    def find(self, decoded: Decoded) -> Taken:
        """Return rows of the events, and the labels that have come for these and earlier ones."""
        rows, first = decoded.rows, self.numbered
        heard, found, rejects = self._finder.find(rows, decoded.labels, among=decoded.records)
        self.outcomes.update(found.counts)
        self._tell_of_resent()
        if len(heard):
            self._rows.take_first_label(float(heard.label[0]))
        known = self._lags.follow(
            rows.key, first=first, heard=heard, columns=label_columns(heard.label, self._label)
        )
        self._lags.forget(found.gone)
        return Taken(
            self._arrivals(decoded, known=known) if len(rows) else None,
            first,
            heard,
            targets=self._rows.targets(heard.label),
            gone=found.gone,
            expired=[(number, first + before) for number, before in found.expired],
            rejects=in_order([*decoded.rejects, *rejects], decoded.records),
        )

    def _tell_of_resent(self) -> None:
        """Warn once where most events are taken for others: what they are joined by is not theirs alone."""
        resent = self.outcomes["resent"]
        if not self._told_of_resent and resent >= _MANY and resent > self.outcomes["learned"]:
            self._told_of_resent = True
            log.warning(
                "most events have the identity of one that came before, and are predicted and not learned",
                resent=resent,
                learned=self.outcomes["learned"],
                remedy="join labels by what only one event has: label.by: key_and_time, or label.id",
            )

    def _arrivals(self, decoded: Decoded, *, known: np.ndarray[Any, np.dtype[np.float64]]) -> Arrivals:
        rows, assigned = decoded.rows, decoded.assigned
        batch = self._rows.unlabelled(
            rows,
            torch.from_numpy(assigned.task),
            known_labels=known,
            like_labels=self._finder.like_labels(rows),
        )
        return Arrivals.of(
            batch,
            assigned,
            held_out=self._held_out(batch),
            labels=np.full(len(rows), None, dtype=object),
            records=rows.records,
        )

    def expire(self, numbers: Collection[int]) -> list[int]:
        """Give up those of these events whose labels are told by what comes next; return which waited."""
        given_up = self._finder.expire(numbers)
        self._lags.forget(given_up)
        self.outcomes["expired"] += len(given_up)
        return given_up

    def forget_waiting(self, gone: Gone, numbers: Collection[int]) -> tuple[list[int], dict[str, int]]:
        """Give up the events of some keys, and those of these numbers; let go what is known of their labels.

        Return the numbers of the events that waited, and how much went besides.
        """
        given_up, labels = self._finder.forget(gone, numbers)
        self._lags.forget(given_up)
        self.outcomes["erased"] += len(given_up)
        return given_up, {"labels": labels, "label histories": self._lags.forget_keys(gone)}

    def state_dict(self) -> dict[str, Any]:
        """Return the state of all intake, and who waits."""
        later = {
            "origin": self._label.origin,
            "finder": self._finder.state_dict(),
            "lags": self._lags.state_dict(),
            "outcomes": dict(sorted(self.outcomes.items())),
        }
        return {**super().state_dict(), "later_labels": later}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of another configuration."""
        super().load_state_dict(state)
        later = state["later_labels"]
        if later["origin"] != self._label.origin:
            raise ValueError(f"events wait for labels from: {later['origin']}, not from: {self._label.origin}")
        self._finder.load_state_dict(later["finder"])
        self._lags.load_state_dict(later["lags"])
        self.outcomes = Counter(later["outcomes"])
