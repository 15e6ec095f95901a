"""docs/your-own-file.md: every command is run, and what the page shows is what is printed."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

from connectors.prediction_json import to_json
from connectors.record import LocalRecord
from connectors.sink import Prediction
from tests.docs.fences import DOCS, Fence, fences
from tests.docs.reader import Reader, checkout, missing

if TYPE_CHECKING:
    from pathlib import Path

PAGE = DOCS / "your-own-file.md"
RUN = "retaind run -c pumps.yaml"
ANY_PORT = "sed -i 's/port: 9464/port: 0/' pumps.yaml\n"
"""Others run here too, and have the port perhaps."""
DEADLINE_SECONDS = 300.0


def test_ten_minutes_go_as_the_page_says(tmp_path: Path) -> None:
    blocks = fences(PAGE)
    activate = Fence(PAGE, 0, "sh", None, ". .venv/bin/activate\n")
    reader = Reader(tmp_path, replaced={RUN: ANY_PORT + RUN})
    typed = [block for block in blocks if block.language == "sh"]
    reader.follow([activate, *typed], folder=checkout(tmp_path / "checkout"), deadline_seconds=DEADLINE_SECONDS)
    not_shown = {
        str(shown): lines
        for before, shown in pairwise(blocks)
        if shown.language == "text" and (lines := missing(shown.text, reader.printed[before.line]))
    }
    assert not_shown == {}


def test_every_field_of_a_prediction_is_in_the_table() -> None:
    event = LocalRecord("plant", 0, 7, -1, None, b"{}", [])
    said = json.loads(to_json(Prediction(event, prediction="ok", confidence=0.5, label=None, task="", step=3)))
    rows = [
        line.split("|")[1] for line in PAGE.read_text().split("## The predictions")[1].splitlines() if "|" in line
    ]
    names = {name.strip("` ") for row in rows[2:] for name in row.split(",")}
    assert names - {""} == said.keys()
