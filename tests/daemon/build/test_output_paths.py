"""A file that is written to is nobody else's, whatever way its path takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from daemon.config.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files, and with links to them."""
    monkeypatch.chdir(tmp_path)
    for name in ("state", "data", "folder"):
        (tmp_path / name).mkdir()
    for name in ("data/events.jsonl", "p.jsonl", "web.yaml"):
        (tmp_path / name).write_text("x\n")
    (tmp_path / "to-state").symlink_to("state")
    (tmp_path / "to-p").symlink_to("p.jsonl")
    (tmp_path / "to-data").symlink_to("data")
    (tmp_path / "hard").hardlink_to(tmp_path / "p.jsonl")
    (tmp_path / "dangling").symlink_to("later.jsonl")
    return tmp_path


def sections(predictions: str, dead: str, source: str) -> dict[str, str]:
    return {
        "source": f"{{type: file, path: {source}}}",
        "checkpoint": "{directory: state}",
        "predictions": f"{{type: file, path: {predictions}}}",
        "dead_letters": f"{{type: file, path: {dead}}}",
        "http": "{web_config: web.yaml}",
    }


@pytest.mark.parametrize(
    ("written", "key", "words"),
    [
        (("p.jsonl", "p.jsonl", "a"), "dead_letters", "is the file of the predictions"),
        (("p.jsonl", "./data/../p.jsonl", "a"), "dead_letters", "is the file of the predictions"),
        (("p.jsonl", "to-p", "a"), "dead_letters", "is the file of the predictions"),
        (("p.jsonl", "hard", "a"), "dead_letters", "is the file of the predictions"),
        (("later.jsonl", "dangling", "a"), "dead_letters", "is the file of the predictions"),
        (("p.jsonl", "p.jsonl.2", "a"), "dead_letters", "when the other is rotated"),
        (("p.jsonl.1", "p.jsonl", "a"), "dead_letters", "when the other is rotated"),
        (("data/events.jsonl", "d", "data/events.jsonl"), "predictions", "is what source.path reads"),
        (("to-data/events.jsonl", "d", "data/events.jsonl"), "predictions", "is what source.path reads"),
        (("data/out.jsonl", "d", "data/*.jsonl"), "predictions", "is what source.path reads"),
        (("to-data/out.jsonl", "d", "[b, './data/*.jsonl']"), "predictions", "is what source.path reads"),
        (("data/x/out.jsonl", "d", "data/**/*.jsonl"), "predictions", "is what source.path reads"),
        (("state/lock", "d", "a"), "predictions", "is the daemon's own"),
        (("state/audit.jsonl", "d", "a"), "predictions", "is the daemon's own"),
        (("to-state/erasures.jsonl", "d", "a"), "predictions", "is the daemon's own"),
        (("p", "state/erasures.secret", "a"), "dead_letters", "is the daemon's own"),
        (("p", "data/../state/erasing.json", "a"), "dead_letters", "is the daemon's own"),
        (("state", "d", "a"), "predictions", "is a directory"),
        (("to-state/checkpoints/p", "d", "a"), "predictions", "is the daemon's own"),
        (("data/../state/checkpoints/p", "d", "a"), "predictions", "is the daemon's own"),
        (("folder", "d", "a"), "predictions", "is a directory; name a file in it"),
        (("to-data", "d", "a"), "predictions", "is a directory"),
        (("p.jsonl/x", "d", "a"), "predictions", "is a file and no directory"),
        (("p", "web.yaml", "a"), "dead_letters", "is what http.web_config reads"),
    ],
)
@pytest.mark.usefixtures("place")
def test_a_path_that_leads_to_something_else_is_refused(
    load_with: Any, written: tuple[str, str, str], key: str, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_with(**sections(*written))
    (problem,) = caught.value.problems
    assert problem.path == (key, "path")
    assert words in problem.message


@pytest.mark.parametrize(
    ("predictions", "dead", "source"),
    [
        ("p.jsonl", "d.jsonl", "data/events.jsonl"),
        ("state-of-things", "to-p.1", "data/*.jsonl"),
        ("data/deeper/out.jsonl", "d", "data/*.jsonl"),
        ("/dev/null", "/dev/null", "a"),
        ("state/p.jsonl", "to-state/d.jsonl", "a"),
        ("nowhere/yet/p", "d", "a"),
    ],
)
@pytest.mark.usefixtures("place")
def test_a_path_of_its_own_is_taken(load_with: Any, predictions: str, dead: str, source: str) -> None:
    assert load_with(**sections(predictions, dead, source)).predictions.path == predictions
