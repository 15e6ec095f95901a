"""A daemon erases while it runs: when a tombstone comes, and when it is told over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from connectors.memory_source import CRASH, END, MemorySource, SimulatedCrash
from connectors.record import LocalRecord
from daemon.service import Service
from daemon.state.audit_log import AuditLog
from daemon.state.erasure_request import ErasureRequest
from daemon.state.state_tree import copy_tree
from tests.daemon.erasure.planted import SUBJECT, config_of, planted, traces
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from daemon.config.schema import Config

TOKEN = "a-token-for-the-test-of-erasure"  # noqa: S105 - of this test alone


def config(directory: Path) -> Config:
    sections = {
        "erasure": {"tombstones": "forget"},
        "http": {"port": 0, "control": {"token_file": str(directory.parent / "token")}},
    }
    (directory.parent / "token").write_text(TOKEN)
    return config_of(directory, sections)


def service(directory: Path, source: MemorySource, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A whole service, whose source is a list of records."""
    monkeypatch.setattr("daemon.service.build_source", lambda _: source)
    return Service(config(directory))


def tombstone(place: int) -> LocalRecord:
    return LocalRecord("s", 0, 10_000 + place, 1_700_000_500_000, SUBJECT, None, [])


def test_a_tombstone_erases_its_key_in_its_turn_and_a_crash_after_it_changes_no_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = planted(rows=230)
    states = []
    for name, cut in (("once", ()), ("crashed", (CRASH,))):
        source = MemorySource([*events[:199], tombstone(0), *cut, *events[199:], END])
        directory = tmp_path / name / "state"
        directory.parent.mkdir()
        for _ in range(2):
            with service(directory, source, monkeypatch) as running:
                try:
                    running.run(stop=lambda: False)
                except SimulatedCrash:
                    continue
                states.append(copy_tree(running.loop.pipeline.state_dict()))
                break
        assert traces(directory) == []
        assert AuditLog(directory).erasures()[-1].by == "s/0 at 10000"
        assert ErasureRequest.pending(directory) is None
    assert_same_state(*states)


def test_what_is_asked_for_over_http_is_erased_and_the_daemon_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "state"
    answers: list[httpx.Response] = []
    with service(directory, MemorySource(planted()), monkeypatch) as running:

        def ask(keys: object) -> None:
            from threading import Thread  # noqa: PLC0415 - here alone

            def post() -> None:
                headers = {"Authorization": f"Bearer {TOKEN}"}
                answers.append(
                    httpx.post(
                        f"{running.http.address}/-/forget", json=keys, headers=headers, trust_env=False, timeout=60
                    )
                )

            Thread(target=post, daemon=True).start()

        ask({"keys": [SUBJECT.decode()]})
        running.run(stop=lambda: len(answers) == 1)
        ask({"keys": []})
        running.run(stop=lambda: len(answers) == 2)
    assert [each.status_code for each in answers] == [200, 422]
    assert answers[0].json()["removed"]
    assert traces(directory) == []
    assert AuditLog(directory).erasures()[0].by == "http 127.0.0.1"
