"""Records of CSV files that go on over line breaks within quotes."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.decoders.csv import CsvDecoder
from connectors.decoders.csv_options import CsvOptions
from connectors.files.source import FileSource
from connectors.files.source_options import FileSourceOptions
from connectors.source import SourceDataError

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.record import LocalRecord


def records(path: Path, *, skipped: int = 0) -> list[LocalRecord]:
    """Those after so many, read by another life of the source."""
    options, snapshot = FileSourceOptions(path=str(path), format="csv"), None
    if skipped:
        with closing(FileSource(options)) as before:
            before.open(None)
            before.poll(skipped, 0)
            snapshot = before.snapshot()
    with closing(FileSource(options)) as source:
        source.open(snapshot)
        return list(source.poll(10_000, 0))


cells = st.one_of(st.text(max_size=8), st.sampled_from(['"', '""', "\n", ",", '",', 'a"b', "x\r\ny", '5" pipe']))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=6),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_a_record_is_what_a_writer_of_csv_has_written(
    rows: list[tuple[str, str]], quoting: int, tmp_path: Path
) -> None:
    rows = [tuple(cell.replace("\x00", "") for cell in row) for row in rows]  # type: ignore[misc]  # of two, still
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator="\n").writerows([*row, "end"] for row in rows)
    path = tmp_path / "data.csv"
    path.write_bytes(text.getvalue().encode("utf-8", "replace"))
    read = records(path)
    assert b"\n".join(record.value or b"" for record in read).count(b"end") == path.read_bytes().count(b"end")
    assert len(read) == len(rows)
    assert [record.value for record in records(path, skipped=len(rows) // 2)] == [
        record.value for record in read[len(rows) // 2 :]
    ]


def test_its_values_are_decoded_with_their_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b'\xef\xbb\xbfx,note,label\n1,"one\ntwo, ""three""",up\r\n2,5" pipe,down\n')
    decoder = CsvDecoder(CsvOptions(header=True, features=("x",), label="label"))
    rows, rejects = decoder.decode(records(path))
    assert (rows.x.tolist(), rows.label, rejects) == ([[1.0], [2.0]], ["up", "down"], [])


def test_a_quote_that_nobody_closes_is_said_and_not_swallowed(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b'1,"open\n' + b"2,closed\n" * 2_000)
    with pytest.raises(SourceDataError, match=r"record 0 .* a quote that is not closed within 1000 lines"):
        records(path)
