"""`retaind tap` on real daemons: what passes is shown to who has the token, and changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import ValidationError

from daemon.learning.redaction import REDACTED, Redaction
from daemon.learning.tap import Tap
from daemon.service import Service
from daemon.state.state_tree import copy_tree
from daemon.top.client import Client, UnreachableError
from daemon.top.tapped import told
from tests.daemon.event_stream import Stretch, json_lines
from tests.daemon.lives import SMALL, Clock, small_config
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from daemon.config.schema import Config

TOKEN = "a-token-for-the-test-of-taps"  # noqa: S105 - of this test alone
EVENTS = 240


def config_of(directory: Path, *, tap: dict[str, Any] | None, **sections: Any) -> Config:
    directory.mkdir()
    (directory / "token").write_text(TOKEN)
    source = {"type": "file", "path": str(directory / "stream.jsonl"), "follow": True}
    http: dict[str, Any] = {"port": 0, "control": {"token_file": str(directory / "token")}, "tap": tap}
    strategies = [{"type": "replay", "rows": 60}]
    return small_config(directory, **{"source": source, "http": http, "strategies": strategies} | sections)


def events() -> bytes:
    return json_lines([Stretch("P", EVENTS // 2), Stretch("Q", EVENTS // 2)])


def said(*arguments: str) -> str:
    """Return what the command prints, in a process of its own."""
    command = [sys.executable, "-m", "daemon.cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


def watched(config: Config, *options: str, write: bytes) -> tuple[str, dict[str, Any]]:
    """Run a daemon on what is written once somebody watches; return what the command printed, and the state."""
    directory = Path(config.checkpoint.directory)
    stream = Path(config.source.path)  # type: ignore[union-attr,arg-type]
    stream.write_bytes(b"")
    printed: list[str] = []
    with Service(config) as service:
        asked = ["tap", service.http.address, "--token-file", str(directory / "token"), *options]
        watching = threading.Thread(target=lambda: printed.append(said(*asked)), daemon=True)
        watching.start()

        deadline = time.monotonic() + 40

        def stop() -> bool:
            assert service.tap is not None
            assert time.monotonic() < deadline
            if service.tap.is_asked and not stream.stat().st_size:
                stream.write_bytes(write)
            return bool(printed)

        service.run(stop=stop)
        service.run(stop=lambda: service.loop.pipeline.events == EVENTS)
        service.loop.learn_waiting()
        return printed[0], copy_tree(service.loop.pipeline.state_dict())


def test_events_are_shown_with_what_was_rehearsed_and_not_a_bit_of_the_model_changes(tmp_path: Path) -> None:
    config = config_of(tmp_path / "watched", tap={"redact": ["b"], "max_per_second": 1000})
    printed, state = watched(config, "--json", "--events", "200", write=events())
    lines = [json.loads(line) for line in printed.splitlines()]
    seen = [line for line in lines if line["kind"] == "event"]
    learned = [line for line in lines if line["kind"] == "learned"]
    stream = [json.loads(line) for line in events().splitlines()]
    assert len(seen) == 200
    for line in seen:
        event = stream[line["offset"]]
        assert (line["task"], line["label"]) == (event["task"], event["y"])
        hidden = {name: value for name, value in line["features"].items() if name == "b"}
        assert hidden == {"b": REDACTED}
        assert line["features"]["a"] == pytest.approx(event["a"], rel=1e-6)
    assert any(sum(line["probabilities"].values()) == pytest.approx(1) for line in seen if line["probabilities"])
    assert learned
    assert any(row["task"] == "P" for line in learned for row in line["rehearsed"])
    places = {line["offset"] for line in seen if not line["held_out"]}
    assert {line["offset"] for line in learned} <= places

    other = config_of(tmp_path / "alone", tap=None)
    Path(other.source.path).write_bytes(events())  # type: ignore[union-attr,arg-type]
    with Service(other) as service:
        service.run(stop=lambda: service.loop.pipeline.events == EVENTS)
        service.loop.learn_waiting()
        assert_same_state(service.loop.pipeline.state_dict(), state)


def test_one_event_in_so_many_is_a_line_for_people(tmp_path: Path) -> None:
    config = config_of(tmp_path / "plain", tap={})
    printed, _ = watched(config, "--every", "40", "--events", "1", write=events())
    (first, *_) = printed.splitlines()
    assert first.startswith("stream/0/0 task P: ")
    assert " label " in first
    assert " a=" in first


def test_a_label_that_comes_later_is_told_when_it_comes(tmp_path: Path) -> None:
    stream = b"".join(b'{"s1": %d, "s2": %d}\n' % (place % 7, place % 5) for place in range(EVENTS))
    later = {"from": "stream", "field": "s1", "ahead": 3, "type": "number"}
    decoder = {name: value for name, value in SMALL["decoder"].items() if name not in {"label", "task"}}
    about: dict[str, Any] = {"label": later, "decoder": decoder, "tasks": {"type": "none"}}
    config = config_of(tmp_path / "later", tap={"max_per_second": 1000}, **about)
    printed, _ = watched(config, "--json", "--events", "200", write=stream)
    lines = [json.loads(line) for line in printed.splitlines()]
    labels = {line["offset"]: line["label"] for line in lines if line["kind"] == "label"}
    assert len(labels) > 100, len(lines)
    assert all(label == pytest.approx((offset + 3) % 7) for offset, label in labels.items())
    assert all(line["label_comes_later"] for line in lines if line["kind"] == "event")


def test_only_who_has_the_token_is_shown_anything_and_only_where_the_file_allows_it(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"give control\.token_file too"):
        small_config(tmp_path, http={"tap": {}})
    for name, tap, code in (("off", None, 404), ("on", {}, 401)):
        config = config_of(tmp_path / name, tap=tap)
        Path(config.source.path).write_bytes(events())  # type: ignore[union-attr,arg-type]
        with Service(config) as service:
            address = service.http.address
            answer = httpx.get(f"{address}/-/tap", trust_env=False, timeout=60)
            assert answer.status_code == code
            with pytest.raises(UnreachableError, match=r"no http\.tap" if tap is None else "another token"):
                Client(address, token="not-the-token-at-all").tapped(every=1, after=None)  # noqa: S106 - no secret
            if tap is not None:
                said = httpx.get(
                    f"{address}/-/tap?every=0",
                    headers={"Authorization": f"Bearer {TOKEN}"},
                    trust_env=False,
                    timeout=60,
                )
                assert said.status_code == 422
                assert service.tap is not None
                assert not service.tap.is_asked


def test_nothing_is_attached_while_nobody_watches_and_no_more_is_told_than_allowed(tmp_path: Path) -> None:
    clock, lines = Clock(), list[str]()
    hidden = Redaction(["y"], labels=["y"], task="task")
    tap = Tap(hidden, max_per_second=5.0, send=lines.append, clock=clock)
    config = config_of(tmp_path / "idle", tap={})
    stream = Path(config.source.path)  # type: ignore[union-attr,arg-type]
    stream.write_bytes(b"")
    with Service(config) as service:
        pipeline = service.loop.pipeline.by_target[""]
        for asked in (False, True, False):
            if asked:
                tap.ask(1)
            clock.now += 1.0 if asked else 30.0
            tap.follow({"": pipeline})
            before = len(lines)
            assert (pipeline.tap is not None) is asked
            with stream.open("ab") as file:
                file.write(events())
            seen = pipeline.events
            service.run(stop=lambda seen=seen: pipeline.events == seen + EVENTS)
            assert (len(lines) > before) is asked
            assert pipeline.main is not None
            assert (pipeline.main.scored.learner.watch is not None) is asked
    shown = [json.loads(line) for line in lines if '"kind":"event"' in line]
    assert 0 < len(shown) <= 5
    assert {line["label"] for line in shown} == {REDACTED}
    assert REDACTED in told(shown[0])
