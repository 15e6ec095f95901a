from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from connectors.decoders.csv import CsvDecoder
from connectors.decoders.csv_options import CsvOptions
from connectors.record import LocalRecord


def _decode(*lines: bytes, **options: Any) -> Any:
    records = [LocalRecord("t", 0, n, -1, None, line, []) for n, line in enumerate(lines)]
    return CsvDecoder(CsvOptions(**options)).decode(records)


def test_the_header_names_the_columns_and_its_repetition_in_the_next_file_is_skipped() -> None:
    lines = (b"when,a,b,y", b"2020-01-01 00:00:02,1,2.5,up", b"when,a,b,y\r\n", b"2020-01-01 00:00:03,3,4,down")
    rows, rejects = _decode(*lines, header=True, label="y", time="when", time_unit="iso")
    assert rejects == []
    assert rows.x.tolist() == [[1.0, 2.5], [3.0, 4.0]]
    assert (rows.label, rows.time.tolist()) == (["up", "down"], [1577836802.0, 1577836803.0])


def test_a_header_of_number_like_names_is_no_event_in_a_later_call_either() -> None:
    decoder = CsvDecoder(CsvOptions(header=True, label="y"))
    records = [LocalRecord("t", 0, n, -1, None, line, []) for n, line in enumerate([b"0,1,y", b"5,6,up"])]
    for _ in range(2):
        rows, rejects = decoder.decode(records)
        assert (rows.x.tolist(), rows.label, rejects) == ([[5.0, 6.0]], ["up"], [])


def test_quoted_values_keep_their_delimiters() -> None:
    rows, rejects = _decode(b'"1";"a;""b"""', delimiter=";", columns=("x", "y"), label="y")
    assert (rows.x.tolist(), rows.label, rejects) == ([[1.0]], ['a;"b"'], [])


def test_null_values_are_missing_whether_text_or_number() -> None:
    options = {"columns": ("a", "y"), "label": "y", "missing": "last", "null_values": ("", "NA", "-999")}
    rows, rejects = _decode(b"4,up", b"NA,NA", b"-999,", b",down", **options)
    assert rejects == []
    assert np.isnan(rows.x[:, 0]).tolist() == [False, True, True, True]
    assert rows.label == ["up", None, None, "down"]


@pytest.mark.parametrize(
    ("line", "stage", "reason", "named"),
    [
        (b"1,2", "decode", "wrong_type", "2 values; expected 3"),
        (b"x,2,up", "features", "wrong_type", "'a' is text"),
        (b",2,up", "features", "missing_field", "'a'"),
        (b"nan,2,up", "features", "not_finite", "'a'"),
        (b"1,-inf,up", "features", "not_finite", "'b'"),
        (b'1,2,"up', "decode", "undecodable", "quote"),
        (b"1,2,up\n1,2,up", "decode", "undecodable", "line break"),
        (b"1,2,\xff", "decode", "undecodable", "UTF-8"),
        (b"", "decode", "wrong_type", "1 values"),
    ],
)
def test_the_culprit_is_named_and_its_neighbours_pass(line: bytes, stage: str, reason: str, named: str) -> None:
    rows, [reject] = _decode(b"1,2,up", line, b"1,2,up", columns=("a", "b", "y"), label="y")
    assert len(rows) == 2
    assert (reject.stage, reject.reason) == (stage, reason)
    assert named in reject.message


def test_events_before_any_header_are_rejected_with_the_column_that_it_lacks() -> None:
    rows, rejects = _decode(b"1,2,3", b"x,2,up", b"a,b,y", b"1,2,up", header=True, label="y")
    assert len(rows) == 1
    assert ["numbers" in rejects[0].message, "lack 'y'" in rejects[1].message] == [True, True]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "header: true"),
        ({"columns": ("a", "a")}, "twice"),
        ({"columns": ("a",), "label": "y"}, "lack 'y'"),
        ({"header": True, "delimiter": '"'}, "delimiter"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CsvOptions(**options)


def test_state_of_other_columns_is_refused() -> None:
    state = CsvDecoder(CsvOptions(columns=("a", "b"))).state_dict()
    with pytest.raises(ValueError, match="other columns"):
        CsvDecoder(CsvOptions(columns=("b", "a"))).load_state_dict(state)
