"""A CSV file that is being written: a record whose quoted value has line breaks comes when its end has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.files.csv_records import CsvRecords

if TYPE_CHECKING:
    from pathlib import Path


def values(records: CsvRecords) -> list[bytes]:
    found = []
    while (item := records.read()) is not None:
        found.append(item[0])
    return found


def test_half_a_quoted_value_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'n,note\n1,"one\n')
    records = CsvRecords(str(path), whole_lines=True)
    assert values(records) == [b"n,note"]
    with path.open("ab") as file:
        file.write(b"two\nth")
    assert values(records) == []
    with path.open("ab") as file:
        file.write(b'ree",x\n2,"four"\n')
    assert values(records) == [b'1,"one\ntwo\nthree",x', b'2,"four"']
    assert records.bytes == path.stat().st_size
    assert records.records == 3
    records.close()
