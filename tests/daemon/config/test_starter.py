from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from daemon.config.advice.advice import advise
from daemon.config.schema import Config
from daemon.config.starter import starter, write_new

if TYPE_CHECKING:
    from pathlib import Path


def test_the_file_to_start_from_is_valid_and_needs_no_advice(load: Any) -> None:
    assert advise(load(starter())) == []


def test_it_shows_every_section() -> None:
    shown = set(re.findall(r"^(?:# )?([a-z_]+):", starter(), flags=re.MULTILINE))
    # Two stand in place of label, and what is odd is told of numbers.
    assert shown | {"target", "targets", "anomalies"} == set(Config.model_fields)


def test_what_it_comments_out_is_valid_too(load: Any) -> None:
    commented = re.compile(r"^( *)# ( *[a-z_]+:.*)$", flags=re.MULTILINE)
    config = load(commented.sub(r"\1\2", starter()))
    assert config.source.client["security_protocol"] == "SASL_SSL"
    assert config.features.label_lags == 4
    assert config.predictions.type == "kafka"


def test_its_defaults_are_the_defaults(load: Any, load_with: Any) -> None:
    written, least = load(starter()), load_with()
    for section in ("version", "seed", "label", "model", "optimizer", "learner", "retention", "http", "log"):
        assert getattr(written, section) == getattr(least, section)


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("precious", encoding="utf-8")
    with pytest.raises(FileExistsError):
        write_new(file, starter())
    assert file.read_text(encoding="utf-8") == "precious"
