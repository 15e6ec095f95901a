from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from connectors.files.source import FileSource
from connectors.files.source_options import FileSourceOptions
from connectors.record import FILE_START
from connectors.source import SourceDataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.record import LocalRecord


def _source(path: Any, **options: Any) -> FileSource:
    return FileSource(FileSourceOptions(path=path, **options))


def _all(source: FileSource) -> Sequence[LocalRecord]:
    source.open(None)
    records = source.poll(10_000, 0.0)
    source.close()
    return records


def _idx(folder: Path, items: int, shape: tuple[int, ...] = (2, 2), name: str = "x-images-idx3-ubyte") -> str:
    header = bytes([0, 0, 8, 1 + len(shape)]) + struct.pack(f">{1 + len(shape)}I", items, *shape)
    size = shape[0] * shape[1] if shape else 1
    (folder / name).write_bytes(header + bytes(n // size for n in range(items * size)))
    return str(folder / name)


def test_lines_of_several_files_are_one_sequence_with_each_files_name_as_topic(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(b"\xef\xbb\xbf{1}\r\n\r\n   \n{2}")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"x\n\ny\n"))
    records = _all(_source([str(tmp_path / "b.json"), {"path": str(tmp_path / "a.*"), "task": "east"}]))
    assert [(r.topic, r.offset, r.value) for r in records] == [
        ("b", 0, b"{1}"), ("b", 1, b"{2}"), ("a", 2, b"x"), ("a", 3, b"y"),
    ]  # fmt: skip
    starts = [(FILE_START, bytes(tmp_path / name)) for name in ("b.json", "a.csv.gz")]
    task = ("task", b"east")
    assert [r.headers for r in records] == [[starts[0]], [], [starts[1], task], [task]]


def test_images_carry_label_and_task_and_resume_inside_the_file(tmp_path: Path) -> None:
    images = _idx(tmp_path, 5)
    labels = _idx(tmp_path, 5, (), "x-labels-idx1-ubyte")
    source = _source(images, labels=labels, task="mnist")
    source.open(None)
    first = source.poll(3, 0.0)
    assert first[2].value == bytes([2] * 4)
    assert first[2].headers == [("label", b"2"), ("task", b"mnist")]
    source.open(source.snapshot())
    assert [(r.offset, r.headers[0][1]) for r in source.poll(9, 0.0)] == [(3, b"3"), (4, b"4")]
    source.close()


def test_looping_goes_on_counting(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1\n2\n")
    source = _source(str(tmp_path / "a"), loop=True)
    source.open(None)
    assert [(r.offset, r.value) for r in source.poll(5, 0.0)] == [
        (0, b"1"),
        (1, b"2"),
        (2, b"1"),
        (3, b"2"),
        (4, b"1"),
    ]
    assert not source.exhausted
    source.close()


def test_looping_over_nothing_is_an_error_instead_of_a_hang(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\n\n")
    with pytest.raises(SourceDataError, match="no record at all"):
        _all(_source(str(tmp_path / "a"), loop=True))


@pytest.mark.parametrize("name", ["none.csv", "none*.csv"])
def test_a_missing_file_is_named_with_the_remedy(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceDataError, match=r"none.*correct source\.path"):
        _source(str(tmp_path / name)).open(None)


@pytest.mark.parametrize("follow", [False, True])
def test_what_is_no_regular_file_is_said_to_be_none(tmp_path: Path, *, follow: bool) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceDataError, match=r"pipe: is no regular file, .* source\.follow: true"):
        _source(str(tmp_path / "pipe"), follow=follow).open(None)
    with pytest.raises(
        SourceDataError, match=r"is a directory; let source\.path name the files in it, such as .*/\*"
    ):
        _source(str(tmp_path), follow=follow).open(None)


def test_truncated_gzip_delivers_what_is_whole_and_then_names_file_and_record(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b"%d\n" % (n * 7919) for n in range(50_000)))
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    source = _source(str(tmp_path / "cut.gz"))
    source.open(None)
    delivered = len(source.poll(60_000, 0.0))
    assert delivered > 0
    with pytest.raises(SourceDataError, match=rf"cut\.gz: cannot be read at record {delivered} .*intact copy"):
        source.poll(1, 0.0)
    assert not source.exhausted
    source.close()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-1], "cannot be read at record 4"),
        (lambda data: data[:6], "is not an IDX file"),
        (lambda data: b"\0\0\x0d" + data[3:], "is not an IDX file"),
    ],
)
def test_a_damaged_idx_file_is_named(tmp_path: Path, damage: Any, message: str) -> None:
    path = tmp_path / "x-images-idx3-ubyte"
    path.write_bytes(damage((tmp_path / _idx(tmp_path, 5)).read_bytes()))
    source = _source(str(path))
    with pytest.raises(SourceDataError, match=message):
        _read_on(source)
    source.close()


def _read_on(source: FileSource) -> None:
    source.open(None)
    source.poll(10, 0.0)
    source.poll(10, 0.0)


def test_labels_of_another_file_are_refused(tmp_path: Path) -> None:
    images, labels = _idx(tmp_path, 5), _idx(tmp_path, 4, (), "x-labels-idx1-ubyte")
    with pytest.raises(SourceDataError, match=r"4 labels .* 5 items"):
        _source(images, labels=labels).open(None)


def test_a_snapshot_of_other_files_is_refused(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"1\n2\n3\n")
    source = _source(str(tmp_path / "a"))
    source.open(None)
    source.poll(2, 0.0)
    snapshot = source.snapshot()
    source.close()
    with pytest.raises(SourceDataError, match=r"2 records of .*a, which is no longer in the list"):
        _source(str(tmp_path / "b")).open(snapshot)
    (tmp_path / "a").write_bytes(b"1\n")
    with pytest.raises(SourceDataError, match=r"2 records of .*a, whose rest is no longer there"):
        source.open(snapshot)
    source.close()


def _former(file: int, record: int, path: str | None) -> dict[str, Any]:
    """A snapshot of an earlier release, as its migration leaves it."""
    return {"offset": 7, "files": [], "former": {"file": file, "record": record, "path": path}}


def test_a_snapshot_of_an_earlier_release_goes_on_where_that_one_stood(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in "abc"]
    for path in paths:
        Path(path).write_bytes(b"1\n2\n3\n")
    source = _source(str(tmp_path / "*"))
    for former, rest in (
        (_former(1, 2, paths[1]), b"3123"),
        (_former(3, 0, None), b""),
        (_former(0, 0, paths[0]), b"123" * 3),
    ):
        source.open(former)
        records = source.poll(100, 0.0)
        assert b"".join(record.value or b"" for record in records) == rest
        assert [record.offset for record in records] == list(range(7, 7 + len(rest)))
        assert "former" not in source.snapshot()
    (tmp_path / "aa").write_bytes(b"4\n")
    source.open(source.snapshot())
    assert [record.value for record in source.poll(100, 0.0)] == [b"4"]


def test_a_snapshot_of_an_earlier_release_that_does_not_say_which_files_it_read_is_refused(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"1\n")
    source = _source(str(tmp_path / "*"))
    with pytest.raises(SourceDataError, match="has read 1 files without noting which, and now there are 2"):
        source.open(_former(1, 0, None))
    with pytest.raises(SourceDataError, match="no longer file 1 of the list"):
        source.open(_former(0, 1, "elsewhere"))
