from __future__ import annotations

from daemon.telemetry.history.notes import KEPT_OF_EACH, Notes


def test_a_flood_of_one_kind_does_not_wash_away_another() -> None:
    notes = Notes()
    notes.add("drift", at=0.0, text="alarm")
    for number in range(500):
        notes.add("checkpoint", at=float(number), text=f"generation {number}")
    kinds = [note.kind for note in notes.newest_first()]
    assert kinds == ["checkpoint"] * KEPT_OF_EACH + ["drift"]


def test_the_same_again_within_a_minute_is_counted_with_its_newest_time() -> None:
    notes = Notes()
    for at in (0.0, 30.0, 80.0, 200.0):
        notes.add("rejected", at=at, text="undecodable", count=2)
    assert [(note.at, note.count) for note in notes.newest_first()] == [(200.0, 2), (80.0, 6)]


def test_what_happened_at_one_moment_is_told_newest_first_too() -> None:
    notes = Notes()
    for text in ("first", "second"):
        notes.add("boundary", at=5.0, text=text)
    assert [note.text for note in notes.newest_first()] == ["second", "first"]
