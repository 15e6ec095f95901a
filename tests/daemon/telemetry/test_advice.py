"""While the published answers are below a reference for long, log, /status and a metric say so, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse_text
from structlog.testing import capture_logs

from daemon.learning.snapshot import Leads
from daemon.loop.poll_size import PollSize
from daemon.scoring.lead import Lead
from daemon.service import Service
from daemon.telemetry.advice import Advisor
from daemon.telemetry.below import WINDOWS
from tests.daemon.telemetry.persistent_labels import learn_until, persistent

if TYPE_CHECKING:
    from pathlib import Path

BEHIND = Lead(rows=100, score=0.5, other=0.6, deviations=-3.0)
AHEAD = Lead(rows=100, score=0.7, other=0.6, deviations=3.0)


def judged(*windows: dict[str, Lead], committee: bool = False) -> tuple[Advisor, list[dict[str, Any]]]:
    """An advisor that has judged these windows of a hundred events, and what it has logged."""
    advisor = Advisor(window_events=100)
    assert not advisor.due(0)
    with capture_logs() as logs:
        for number, leads in enumerate(windows, start=1):
            assert advisor.due(100 * number)
            main = leads | ({"committee": AHEAD} if committee else {})
            advisor.judge(Leads(of_main=main, of_answers=leads), events=100 * number)
    return advisor, [dict(each) for each in logs]


def test_it_is_said_once_when_it_begins_and_once_when_it_ends() -> None:
    windows = [{"no_change": BEHIND}] * (3 * WINDOWS) + [{"no_change": AHEAD}] * (3 * WINDOWS)
    advisor, logs = judged(*windows)
    assert [(each["log_level"], each["events"]) for each in logs] == [
        ("warning", 100 * WINDOWS),
        ("info", 100 * 4 * WINDOWS),
    ]
    assert advisor.given() == []
    assert advisor.is_below() == {"no_change": False}


def test_advice_says_since_when_how_far_and_what_to_set() -> None:
    advisor, (warning,) = judged(*[{"no_change": BEHIND, "naive": AHEAD}] * (WINDOWS + 5))
    (advice,) = advisor.given()
    assert (advice.reference, advice.since_events, advice.lead) == ("no_change", 100 * WINDOWS, BEHIND)
    assert "committee: {}" in advice.remedy
    assert warning["remedy"] == advice.remedy
    assert advisor.is_below() == {"no_change": True, "naive": False}


@pytest.mark.parametrize(
    ("reference", "committee", "key"),
    [
        ("no_change", False, "committee: {}"),
        ("no_change", True, "features.label_lags: 1"),
        ("naive", False, "companions.challenger"),
        ("naive", True, "companions.challenger"),
    ],
)
def test_the_remedy_names_a_key_that_is_not_set_already(reference: str, *, committee: bool, key: str) -> None:
    advisor, _ = judged(*[{reference: BEHIND}] * WINDOWS, committee=committee)
    (advice,) = advisor.given()
    assert key in advice.remedy
    assert ("committee" in advice.remedy) == (reference == "no_change" and not committee)


def test_only_no_change_and_naive_are_references_and_who_is_gone_is_forgotten() -> None:
    windows = [{"frozen": BEHIND, "challenger": BEHIND, "naive": BEHIND}] * WINDOWS
    advisor, _ = judged(*windows)
    assert [each.reference for each in advisor.given()] == ["naive"]
    advisor, _ = judged(*windows, {})
    assert (advisor.given(), advisor.is_below()) == ([], {})


def test_it_judges_a_window_when_it_is_full_and_never_the_events_of_an_earlier_process() -> None:
    advisor = Advisor(window_events=100)
    assert [advisor.due(events) for events in (5_000, 5_099, 5_100)] == [False, False, True]
    advisor.judge(Leads(), events=5_130)
    assert [advisor.due(events) for events in (5_229, 5_230)] == [False, True]


def test_a_daemon_below_no_change_says_so_over_http_and_takes_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PollSize, "max_records", 60)
    config = persistent(tmp_path)
    with Service(config) as service, capture_logs() as logs:
        learn_until(service, events=3_000)
        said, shown = answered(service)
        (advice,) = [each for each in said["advice"] if each["reference"] == "no_change"]
        assert advice["lead"]["lead"] < 0
        assert advice["since_events"] >= 50 * WINDOWS
        assert "committee: {}" in advice["remedy"]
        assert shown["no_change"] == 1
        assert {"no_change", "naive"} == shown.keys()
        service.run(stop=lambda: False)
        said, shown = answered(service)
    assert [each["reference"] for each in said["advice"]] == []
    assert shown["no_change"] == 0
    told = [each["log_level"] for each in logs if each.get("reference") == "no_change"]
    assert told == ["warning", "info"]


def answered(service: Service) -> tuple[dict[str, Any], dict[str, float]]:
    """What /status says, and the gauge by reference."""
    with httpx.Client(base_url=service.http.address, trust_env=False) as client:
        status, metrics = client.get("/status").json(), client.get("/metrics").text
    samples = [sample for family in parse_text(metrics) for sample in family.samples]
    return status, {s.labels["reference"]: s.value for s in samples if s.name == "retaind_below_reference"}
