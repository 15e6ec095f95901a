"""A class, or a category, that only the erased key has brought loses its name; what was learned with it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connectors.memory_source import END, MemorySource
from connectors.record import LocalRecord
from daemon.build.erasing import erase
from daemon.build.restored import restored
from daemon.learning.stopwatch import Stopwatch
from daemon.state.erasure_request import ErasureRequest
from daemon.state.state_tree import copy_tree
from strategies.row_holder import Gone
from tests.daemon.erasure.planted import SUBJECT, config_of, planted
from tests.daemon.lives import Clock, Life
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from pathlib import Path

OWN = {"kind": "Zz own kind", "y": "Zz own class"}
SHARED = "a kind of two"
REQUEST = ErasureRequest((SUBJECT,), by="a test")
SECTIONS: dict[str, Any] = {
    "features": {"categories": {"kind": {"max": 6}}},
    "label": {"max_classes": 6},
    "strategies": [{"type": "replay", "rows": 30}],
    "committee": {},
}


def named(*, later: bool) -> list[LocalRecord]:
    """The planted stream, in which the subject has a class and a kind of its own, and shares another kind."""
    records: list[LocalRecord] = []
    for record in planted():
        if not (record.value or b"").startswith(b"{"):
            continue
        event = orjson.loads(record.value or b"")
        if record.key == SUBJECT:
            event |= OWN
        if record.offset in {83, 84}:
            event["kind"] = SHARED
        label = {"what": "label", "y": event.pop("y")} if later else {}
        for value in (event | {"what": "event"}, label):
            if value:
                place = (record.topic, record.partition, len(records), record.timestamp, record.key)
                records.append(LocalRecord(*place, orjson.dumps(value), []))
    return records


@pytest.mark.parametrize("later", [False, True], ids=["in their events", "in records of their own"])
def test_names_that_only_the_key_has_brought_are_nowhere_and_their_places_stay(
    tmp_path: Path, *, later: bool
) -> None:
    from_records = {"from": "topic", "where": {"what": "label"}, "max_classes": 6}
    config = config_of(tmp_path, SECTIONS | ({"label": from_records} if later else {}))
    records = named(later=later)
    life = Life(config, MemorySource([*records, END]), directory=tmp_path, clock=Clock())
    life.start()
    while not life.source.exhausted:
        life.loop.turn()
    life.loop.save()
    life.loop.close()
    assert sorted(found_in(tmp_path)) == sorted([*OWN.values(), SHARED])

    erasure = erase(config, life.store, REQUEST)
    assert erasure.removed["names"] == 2
    assert found_in(tmp_path) == [SHARED]
    lived, again = life.loop.pipeline, restored(config, life.store.require_newest().saved, stopwatch=Stopwatch())
    lived.forget(Gone.of_keys([SUBJECT]))
    assert_same_state(copy_tree(again.state_dict()), copy_tree(lived.state_dict()))
    classes = again.snapshot().classes
    assert sum(each.startswith("__erased__") for each in classes) == 1
    # Who brings the name again brings a new one: the old place is nobody's.
    again.process(records[80:82] if later else [each for each in records if each.key == SUBJECT][:1])
    if not later:
        assert again.snapshot().classes[len(classes) :] == (OWN["y"],)


def found_in(directory: Path) -> list[str]:
    content = b"".join(path.read_bytes() for path in directory.rglob("manifest.json"))
    return [name for name in (*OWN.values(), SHARED) if name.encode() in content]
