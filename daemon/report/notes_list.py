"""The last events of note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.process.redaction import redacted
from daemon.report.markup import Markup, element
from daemon.report.wording import moment
from daemon.telemetry.history.notes import Notes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemon.telemetry.history.notes import Note

MOST = 30
_KINDS = {
    "ready": "State",
    "boundary": "Boundary",
    "drift": "Drift",
    "checkpoint": "Checkpoint",
    "failed": "Not saved",
    "rejected": "Rejected",
    "skipped": "Skipped",
    "step": "Step",
}


def notes_list(notes: Iterable[Note]) -> Markup:
    """Return the newest ones, newest first."""
    return element("ol", *map(_note, Notes(notes).newest_first()[:MOST]), class_="notes")


def _note(note: Note) -> Markup:
    times = f" ({note.count:,} times)" if note.count > 1 else ""
    return element(
        "li",
        element("time", moment(note.at, short=True)),
        element("span", _KINDS[note.kind], class_="kind"),
        element("span", f"{redacted(note.text)}{times}", class_="text"),
        class_=f"note {note.kind}",
    )
