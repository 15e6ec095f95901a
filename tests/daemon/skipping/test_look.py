from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connectors.record import LocalRecord
from connectors.source import PartitionStatus, SourceDataError, SourceStatus, SourceUnavailableError
from daemon.skipping.look import Look, Scout, shown

if TYPE_CHECKING:
    from collections.abc import Sequence


class Silent:
    """A source that brings nothing, and says why."""

    exhausted = False

    def __init__(self, partitions: Sequence[PartitionStatus]) -> None:
        self._partitions = partitions

    def poll(self, *_: Any) -> Sequence[Any]:
        return ()

    def status(self) -> SourceStatus:
        return SourceStatus(ready=False, reason="why", partitions=self._partitions)


def record(offset: int, value: bytes | None = b"junk") -> LocalRecord:
    return LocalRecord("plant", 0, offset, -1, None, value, [])


def test_what_is_before_an_offset_is_counted_by_reason_and_sampled() -> None:
    look = Look()
    for offset in (3, 5, 8, 13):  # a log has holes
        look.add(record(offset))
    look.reject(5, "undecodable at decode")
    look.reject(8, "undecodable at decode")
    look.reject(4, "of nobody")
    skipped = look.before(9)
    assert (skipped.records, skipped.good, skipped.reasons) == (3, 1, {"undecodable at decode": 2})
    assert [(sample.offset, sample.reason) for sample in skipped.samples] == [
        (3, ""),
        (5, "undecodable at decode"),
        (8, "undecodable at decode"),
    ]


def test_a_value_is_shown_short_and_escaped() -> None:
    assert shown(record(0, None)) == "null"
    assert shown(record(0, b"\xff\x1b[2J")) == r"'\xff\x1b[2J'"
    assert len(shown(record(0, b"x" * 10_000))) < 100


@pytest.mark.parametrize(
    ("partitions", "error"),
    [((), SourceUnavailableError), ((PartitionStatus("plant", 0, 5, 9, 0.0),), SourceDataError)],
)
def test_no_broker_is_one_thing_and_what_cannot_be_read_another(
    partitions: Sequence[PartitionStatus], error: type[Exception]
) -> None:
    source: Any = Silent(partitions)
    nobody: Any = None
    with pytest.raises(error, match="why"):
        Scout(source, nobody).up_to(8)
