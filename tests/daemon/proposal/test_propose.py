"""What `retaind init --from` writes: it validates, it learns, and says what it has guessed."""

from __future__ import annotations

import csv
import io
import os
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.build.load import load_bytes
from daemon.proposal.propose import propose
from daemon.proposal.refusal import NoProposalError
from daemon.proposal.stream import stream_at
from daemon.sample.trial import try_out
from daemon.service import Service
from tests.daemon.proposal import tables
from tests.daemon.proposal.tables import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from daemon.config.schema import Config
    from daemon.proposal.propose import Proposal


def proposed(
    data: bytes, folder: Path, *, name: str = "data.csv", kind: str | None = None, **asked: str
) -> Proposal:
    path = folder / name
    path.write_bytes(data)
    stream = stream_at(str(path), bootstrap_servers=None, client={})
    roles: dict[Any, str | None] = {"label": None, "key": None, "time": None, "task": None} | asked
    return propose(stream, output=folder / "first.yaml", asked=roles, kind=kind, rows=20_000, wait_seconds=1.0)


def loaded(proposal: Proposal) -> Config:
    text = proposal.text.replace("port: 9464", "port: 0")
    return load_bytes(text.encode(), file="first.yaml", environ=os.environ)


CASES: list[tuple[Callable[[], bytes], dict[str, Any]]] = [
    (tables.plain, {"decoder.label": "class", "decoder.features": ["x", "y"], "label.type": "class"}),
    (
        tables.semicolons_with_a_byte_order_mark,
        {
            "decoder.delimiter": ";", "decoder.time": "Zeit", "decoder.time_unit": "iso",
            "decoder.label": "Zustand", "decoder.features": ["Temp"],
        },
    ),
    (tables.without_a_header, {"decoder.columns": ["c1", "c2", "c3", "c4"], "decoder.label": "c4"}),
    (tables.numbered_columns, {"decoder.header": True, "decoder.features": ["0", "1"], "decoder.label": "class"}),
    (tables.line_breaks_in_quotes, {"source.format": "csv", "decoder.features": ["x"], "decoder.label": "label"}),
    (
        tables.many_classes_gaps_and_words,
        {"label.max_classes": 128, "decoder.missing": "mean", "decoder.features": ["temp", "pressure"]},
    ),
    (tables.a_gap_that_is_a_class_too, {"decoder.label": "fault", "decoder.missing": "mean"}),
    (tables.sentinels_and_row_numbers, {"decoder.features": ["CO"], "decoder.time": "date"}),
    (tables.hardly_any_labels, {"rejections.max_share": 1.0}),
    (tables.a_series_alone, {"decoder.features": [], "features.label_lags": 8, "label.type": "number"}),
    (tables.the_answer_twice, {"decoder.features": ["x"], "decoder.label": "class"}),
    (tables.columns_of_one_name, {"decoder.columns": ["a", "a_2", "label"], "decoder.header": None}),
    (tables.names_that_yaml_would_read, {"decoder.label": "y", "decoder.features": ["on", "$${HOME}", "a: b # c"]}),
    (tables.one_name_is_an_injection, {"decoder.label": "label", "http.host": None, "seed": None}),
    (
        tables.nested_json,
        {
            "decoder.type": "json", "decoder.key": "device", "decoder.task": "mode", "tasks.type": "field",
            "decoder.time": "ts", "decoder.time_unit": "milliseconds", "decoder.label": "state",
            "decoder.features": ["data.x", "data.on", "late"], "decoder.missing": "mean",
        },
    ),
    (tables.nanoseconds, {"decoder.key": "device_id", "decoder.features": ["v"], "label.type": "number"}),
]  # fmt: skip
REJECTED = {
    "hardly_any_labels": ROWS - ROWS // 5,
    "columns_of_one_name": 1,  # the header, whose names are others
    "a_gap_that_is_a_class_too": len(range(0, ROWS, 9)),  # only of a version without gaps by field
}


@pytest.mark.parametrize(("make", "expected"), CASES, ids=lambda each: getattr(each, "__name__", ""))
def test_what_is_written_reads_the_data_as_it_is_meant(
    make: Callable[[], bytes], expected: dict[str, Any], tmp_path: Path
) -> None:
    proposal = proposed(make(), tmp_path)
    written = yaml.safe_load(proposal.text)
    for path, value in expected.items():
        section, _, key = path.partition(".")
        assert (written.get(section, {}).get(key) if key else written.get(section)) == value, path
    trial = try_out(loaded(proposal), proposal.findings.sample.records)
    assert trial.rejects <= REJECTED.get(make.__name__, 0)


@pytest.mark.parametrize(
    "make",
    [tables.nested_json, tables.many_classes_gaps_and_words, tables.a_series_alone, tables.hardly_any_labels],
)
def test_the_first_run_learns_to_the_end_of_the_file(make: Callable[[], bytes], tmp_path: Path) -> None:
    with Service(loaded(proposed(make(), tmp_path))) as service:
        service.run(stop=lambda: False)
        main = service.loop.pipeline.main
        rejected = sum(service.rejects.values())
    assert main is not None
    assert main.scored.learner.steps > 0
    assert main.events + rejected == ROWS
    assert rejected == REJECTED.get(make.__name__, 0)
    assert len((tmp_path / "data-predictions.jsonl").read_text().splitlines()) == main.events


def test_the_fields_that_are_left_out_are_named_with_the_reason(tmp_path: Path) -> None:
    proposal = proposed(tables.many_classes_gaps_and_words(), tmp_path)
    verdicts = proposal.findings.verdicts
    assert verdicts["material"].why == "text, 2 values" or verdicts["material"].role == "category"
    assert "material" in proposal.text


def test_what_is_asked_for_wins_over_what_is_guessed(tmp_path: Path) -> None:
    text = proposed(
        tables.nested_json(), tmp_path, label="data.x", kind="number", task="none", key="none", time="none"
    )
    written = yaml.safe_load(text.text)
    assert written["decoder"]["label"] == "data.x"
    assert written["label"]["type"] == "number"
    assert not {"task", "key", "time"} & written["decoder"].keys()
    with pytest.raises(NoProposalError, match="--label: there is no field 'stat'; did you mean 'state'"):
        proposed(tables.nested_json(), tmp_path, label="stat")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "there is nothing in it yet"),
        ("größe,label\n1,ä\n2,b\n".encode("latin-1"), "iconv -f LATIN1"),
        ("a,label\n1,x\n".encode("utf-16"), "UTF-16"),
        (b'[{"a": 1, "label": "x"}]\n', "jq -c"),
        (b"PAR1\x00\x00", "Parquet"),
        (b"just words\nand more of them here\n", "neither JSON lines nor CSV"),
        (b"name,class\n" + b"".join(b"anna%d,x%d\n" % (n, n % 2) for n in range(40)), "nothing to learn from"),
    ],
)
def test_what_cannot_be_learned_is_refused_with_what_to_do(data: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(NoProposalError, match=why):
        proposed(data, tmp_path)


cells = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(str),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(["", "NA", "-", "1,5", "2024-01-01", "007", "yes", "x y", '"q"', "a\nb", "é", "$x", "1e999"]),
    st.text(max_size=5),
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=4),
    column=st.lists(st.lists(cells, min_size=1, max_size=4), min_size=4, max_size=4),
    rows=st.integers(40, 60),
)
def test_whatever_else_is_in_a_table_its_number_is_learned_and_most_rows_are_taken(
    names: list[str], column: list[list[str]], rows: int, tmp_path: Path
) -> None:
    lines = [[*names, "amount", "label"]]
    for row in range(rows):
        others = [column[place][row % len(column[place])] for place in range(len(names))]
        lines.append([*others, f"{row / 7:.4f}", "ab"[row % 2]])
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(lines)
    proposal = proposed(text.getvalue().encode("utf-8", "replace"), tmp_path, label="label")
    trial = try_out(loaded(proposal), proposal.findings.sample.records)
    with_commas = sum(any("," in cell for cell in column[place]) for place in range(len(names)))
    # Of numbers with a comma and with a point, the columns of the more are read.
    assert "amount" in trial.fields or with_commas > 1
    assert trial.share <= 0.5, proposal.text
