from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from connectors.files.predictions import FilePredictions
from tests.connectors.rejects import prediction

if TYPE_CHECKING:
    from pathlib import Path


def test_a_line_says_what_was_predicted_of_which_event(tmp_path: Path) -> None:
    sink = FilePredictions(FilePredictions.Options(path=str(tmp_path / "p")))
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
