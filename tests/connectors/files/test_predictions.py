from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from connectors.files.predictions import FilePredictions
from connectors.sink import SinkUnavailableError
from tests.connectors.rejects import prediction

if TYPE_CHECKING:
    from pathlib import Path


def predictions(path: Path) -> FilePredictions:
    return FilePredictions(FilePredictions.Options(path=str(path)))


def offsets(path: Path) -> list[int]:
    return [orjson.loads(line)["offset"] for line in path.read_bytes().splitlines()]


def test_a_line_says_what_was_predicted_of_which_event(tmp_path: Path) -> None:
    sink = predictions(tmp_path / "p")
    sink.write([prediction()])
    sink.close()
    assert orjson.loads((tmp_path / "p").read_bytes()) == {
        "topic": "plant",
        "partition": 3,
        "offset": 7,
        "prediction": "ok",
        "confidence": 0.75,
        "label": "bad",
        "task": "winter",
        "step": 9,
    }


def test_a_run_that_resumes_has_every_prediction_exactly_once(tmp_path: Path) -> None:
    path = tmp_path / "p"
    killed = predictions(path)
    killed.write([prediction(0), prediction(1)])
    killed.flush()
    state = killed.state_dict()
    killed.write([prediction(2), prediction(3)])
    killed.flush()
    with path.open("ab") as file:
        file.write(b'{"topic":"pl')  # torn by the kill
    resumed = predictions(path)
    resumed.load_state_dict(state)
    resumed.write([prediction(offset) for offset in (2, 3, 4)])
    resumed.close()
    killed.close()
    assert offsets(path) == [0, 1, 2, 3, 4]


def test_what_is_flushed_can_be_read_by_others(tmp_path: Path) -> None:
    sink = predictions(tmp_path / "p")
    sink.write([prediction()])
    sink.flush()
    assert offsets(tmp_path / "p") == [7]
    sink.close()


def test_the_state_counts_what_is_not_flushed_yet(tmp_path: Path) -> None:
    sink = predictions(tmp_path / "p")
    assert sink.state_dict() == {"bytes": 0}
    sink.write([prediction()])
    size = sink.state_dict()["bytes"]
    sink.close()
    assert (tmp_path / "p").stat().st_size == size


def test_a_file_that_an_operator_has_moved_begins_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sink = predictions(tmp_path / "p")
    sink.load_state_dict({"bytes": 1000})
    sink.write([prediction()])
    sink.close()
    assert offsets(tmp_path / "p") == [7]
    assert "has 0 bytes, the checkpoint says 1000" in caplog.text


def test_a_file_that_cannot_be_written_is_an_unavailable_sink(tmp_path: Path) -> None:
    with pytest.raises(SinkUnavailableError, match="predictions cannot be written"):
        predictions(tmp_path / "missing" / "p").write([prediction()])
