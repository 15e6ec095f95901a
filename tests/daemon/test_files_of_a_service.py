"""A daemon that reads files learns each line once, whatever becomes of the files between its lives."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from daemon.service import Service
from tests.daemon.event_stream import Stretch, json_lines
from tests.daemon.lives import small_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINES = json_lines([Stretch("P", 60)]).splitlines(keepends=True)


def live(directory: Path, stop: Callable[[Service], bool] = lambda _: False, **source: Any) -> int:
    """Run until the source is exhausted, or ``stop``; return how many events were ever learned or held out."""
    options = {"type": "file", "path": str(directory / "events" / "*.jsonl")} | source
    with Service(small_config(directory, source=options, http={"port": 0})) as service:
        service.run(stop=lambda: stop(service))
        return service.loop.pipeline.events


def topics(directory: Path) -> dict[str, int]:
    lines = (directory / "predictions.jsonl").read_bytes().splitlines()
    return Counter(orjson.loads(line)["topic"] for line in lines)


def append(path: Path, *lines: bytes) -> None:
    with path.open("ab") as file:
        file.writelines(lines)


@pytest.fixture
def events(tmp_path: Path) -> Path:
    folder = tmp_path / "events"
    folder.mkdir()
    return folder


def test_the_tenth_file_is_learned_though_it_sorts_before_the_second(tmp_path: Path, events: Path) -> None:
    for number in range(1, 10):
        (events / f"{number}.jsonl").write_bytes(b"".join(LINES[number * 3 : number * 3 + 3]))
    assert live(tmp_path) == 27
    (events / "10.jsonl").write_bytes(b"".join(LINES[30:33]))
    assert live(tmp_path) == 30
    append(events / "1.jsonl", *LINES[40:42])
    assert live(tmp_path) == 32
    assert topics(tmp_path) == {str(number): 3 + 2 * (number == 1) for number in range(1, 11)}


def test_a_followed_file_is_learned_across_rotations_and_lives(tmp_path: Path, events: Path) -> None:
    path = events / "a.jsonl"
    path.write_bytes(b"".join(LINES[:10]))
    seen = []

    def grow(service: Service) -> bool:
        seen.append(service.loop.pipeline.events)
        if seen[-1] == 10 and path.stat().st_size == len(b"".join(LINES[:10])):
            append(path, *LINES[10:20])
            path.rename(events / "a.jsonl.1")
            path.write_bytes(b"".join(LINES[20:30]) + LINES[30][:9])
        return seen[-1] == 30

    assert live(tmp_path, grow, follow=True) == 30
    append(path, LINES[30][9:])
    path.rename(events / "a.jsonl.1")
    path.write_bytes(LINES[31])
    assert live(tmp_path, lambda service: service.loop.pipeline.events == 32, follow=True) == 32
    assert topics(tmp_path) == {"a": 32}
