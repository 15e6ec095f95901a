"""What every sink promises, tried on each entry of the tables: all that it was given is there once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connectors import DEAD_LETTERS, PREDICTIONS
from tests.connectors.rejects import prediction, reject
from tests.connectors.settled import until_settled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TRIED = [
    ("dead_letters", "file"),
    ("predictions", "file"),
    pytest.param("dead_letters", "kafka", marks=pytest.mark.kafka),
    pytest.param("predictions", "kafka", marks=pytest.mark.kafka),
]
KINDS: dict[str, tuple[Any, Callable[[int], Any]]] = {
    "dead_letters": (DEAD_LETTERS, reject),
    "predictions": (PREDICTIONS, prediction),
}


class Output:
    """Where a sink writes to, and what is there."""

    def __init__(self, kind: str, name: str, request: pytest.FixtureRequest) -> None:
        self._table, self._item = KINDS[kind]
        self._class = self._table[name]
        self._path: Path = request.getfixturevalue("tmp_path") / "out"
        if name == "file":
            self._options: dict[str, Any] = {"path": str(self._path)}
        else:
            self._topic, self._broker = request.getfixturevalue("topic"), request.getfixturevalue("broker")
            self._options = {"bootstrap_servers": self._broker.bootstrap, "topic": self._topic}

    def sink(self, state: dict[str, Any] | None = None) -> Any:
        """Return a sink as a process makes it, which goes on from a state."""
        sink = self._class(self._class.Options(**self._options))
        if state is not None:
            sink.load_state_dict(json.loads(json.dumps(state)))
        return sink

    def put(self, sink: Any, *offsets: int) -> dict[str, Any]:
        sink.write([self._item(offset) for offset in offsets])
        until_settled(sink)
        state: dict[str, Any] = sink.state_dict()
        return state

    def offsets(self) -> list[int]:
        """Return the offsets of the events that a reader finds, in order."""
        if "path" in self._options:
            return sorted(orjson.loads(line)["offset"] for line in self._path.read_bytes().splitlines())
        records = self._broker.read_all(self._topic, isolation_level="read_committed")
        return sorted(int(dict(record.headers)["__retaind.source"].rsplit(b"/", 1)[1]) for record in records)


def test_every_sink_is_tried_here() -> None:
    tried = [getattr(each, "values", each) for each in TRIED]
    for kind, (table, _) in KINDS.items():
        assert {name for what, name in tried if what == kind} == set(table)


@pytest.mark.parametrize(("kind", "name"), TRIED)
def test_what_is_given_again_after_a_crash_is_there_once_and_nothing_is_lost(
    kind: str, name: str, request: pytest.FixtureRequest
) -> None:
    output = Output(kind, name, request)
    first = output.sink()
    output.put(first)
    assert (first.full, first.trouble) == (False, "")
    saved = output.put(first, 1, 2)
    output.put(first, 3, 5)
    first.close()
    first.close()
    second = output.sink(saved)
    later = output.put(second, 3, 5, 6)
    # Partitions were lost: the same process goes back.
    second.load_state_dict(saved)
    assert output.put(second, 3, 5, 6).keys() == later.keys()
    second.close()
    third = output.sink(later)
    output.put(third, 7)
    third.close()
    assert output.offsets() == [1, 2, 3, 5, 6, 7]
