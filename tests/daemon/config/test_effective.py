"""The configuration, shown whole, is a configuration that means the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from daemon.config.advice.advice import advise
from daemon.config.effective import effective, origin
from daemon.config.starter import starter
from daemon.config.yaml_text import literal_values, yaml_text

FOLDER = Path(__file__).parents[3] / "examples"
EXAMPLES = sorted(path for path in FOLDER.glob("*.yaml") if path.stem != "pretrained")  # whose weights a run makes
CONTRARY = {
    "rates that exclude each other": {"learner": "{updates_per_event: 0.5}"},
    "a detector's own options": {"tasks": "{type: drift, detector: adwin}"},
    "a schedule without steps": {"optimizer": "{type: sgd, lr: 0.1, schedule: {type: cosine, steps: 10}}"},
    "a challenger": {
        "learner": "{batch: 16, updates_per_event: 2}",
        "companions": "{challenger: {strategies: [{type: replay}], learner: {updates_per_batch: 3}}}",
    },
    "numbers and dollars": {"source": '{type: kafka, pattern: "^plant-$${x}.*$", start: 2026-01-02T03:04:05Z}'},
    "words that YAML reads otherwise": {"label": '{classes: ["no", "1e3", "null", "a: b", "ü\\n", "$$$$"]}'},
    "images": {"decoder": "{type: raw, dtype: uint8, shape: [2, 2], scale: 0.5, label: y}"},
}


def again(load: Any, shown: dict[str, Any], text: str) -> Any:
    """Read what was shown, and show it once more; it must be all there."""
    config = load(text)
    assert effective(config) == shown
    return config


@pytest.mark.parametrize("case", CONTRARY)
def test_what_is_shown_means_the_same_as_yaml_and_as_json(case: str, load: Any, load_with: Any) -> None:
    config = load_with(**CONTRARY[case])
    shown = effective(config)
    read = again(load, shown, yaml_text(shown))
    again(load, shown, json.dumps(literal_values(shown)))
    assert [remark.path for remark in advise(read)] == [remark.path for remark in advise(config)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_can_be_shown_and_read_again(
    example: Path, load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(example.parents[1])
    shown = effective(load(example.read_text(encoding="utf-8")))
    again(load, shown, yaml_text(shown))


def test_every_section_is_there_and_every_default_filled_in(load: Any) -> None:
    shown = effective(load(starter()))
    assert list(shown) == list(type(load(starter())).model_fields)
    assert shown["retention"]["window"] == 1000
    assert shown["source"]["bootstrap_servers"] == "localhost:9092"


def test_secrets_are_redacted_and_what_is_shown_is_still_valid(load: Any, load_with: Any) -> None:
    client = "{sasl_plain_password: hunter2, ssl_password_file: /run/pw}"
    shown = effective(load_with(source=f"{{type: kafka, topics: [a], client: {client}}}"))
    text = yaml_text(shown)
    assert "hunter2" not in text
    assert "ssl_password_file: /run/pw" in text
    assert effective(load(text)) == shown


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("source", "topics"), ""),
        (("http", "port"), "default"),
        (("name",), "from ${NAME:-plant}"),
        (("strategies", 0, "type"), "chosen by strategies: default"),
        (("companions", "challenger", "optimizer", "lr"), "as the main learner has it"),
        (("companions", "challenger", "strategies", 0, "type"), ""),
        (("companions", "challenger", "strategies", 0, "rows"), "default"),
        (("companions", "naive", "every_blocks"), "default"),
    ],
)
def test_the_origin_of_a_value_is_told(path: Any, expected: str, load_with: Any) -> None:
    config = load_with(
        name='"${NAME:-plant}"',
        strategies="default",
        companions="{challenger: {strategies: [{type: replay}]}}",
    )
    assert origin(config, path) == expected
