"""A sample has the beginning, something of everywhere, and is the same each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.files.source import FileSource
from connectors.files.source_options import FileSourceOptions
from daemon.sample.sampling import take_sample, to_look_at

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.sample.sampling import Sample


def sampled(path: Path, *, rows: int, most: int = 1_000_000) -> Sample:
    options = FileSourceOptions(path=str(path), loop=True, rate=1.0)
    return take_sample(FileSource(to_look_at(options)), rows=rows, most=most)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(there=st.integers(1, 3_000), rows=st.integers(10, 500))
def test_it_is_all_there_is_or_as_many_rows_in_their_order(there: int, rows: int, tmp_path: Path) -> None:
    path = tmp_path / f"{there}.txt"
    if not path.exists():
        path.write_text("".join(f"{n}\n" for n in range(there)))
    sample = sampled(path, rows=rows)
    numbers = [record.offset for record in sample.records]
    assert len(numbers) == min(there, rows)
    assert numbers == sorted(set(numbers))
    assert numbers[: rows // 5] == list(range(min(there, rows // 5)))
    assert sample.whole == (there <= rows)
    assert sampled(path, rows=rows).records == sample.records


def test_what_comes_late_has_its_chance_and_an_endless_stream_is_left(tmp_path: Path) -> None:
    path = tmp_path / "stream.txt"
    path.write_text("".join(f"{n}\n" for n in range(20_000)))
    sample = sampled(path, rows=1_000)
    late = sum(record.offset >= 15_000 for record in sample.records)
    assert 120 < late < 290
    assert str(sample) == "1,000 records out of the 20,000 there are"
    assert str(sampled(path, rows=1_000, most=5_000)).startswith("1,000 records out of the first 5,")


def test_a_line_of_names_is_no_record(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text("a,b\n" + "1,2\n" * 10)
    sample = sampled(tmp_path / "*.csv", rows=100)
    assert str(sample.with_headers(first_lines=True)) == "all 20 records"
    assert str(sample.with_headers(first_lines=False)) == "all 22 records"
