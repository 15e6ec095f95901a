"""Over HTTP, every companion has its scores in the same families as the main learner, and in /status."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse_text

from daemon.service import Service
from tests.daemon.event_stream import Stretch, events
from tests.daemon.learning.companion_stream import ALWAYS
from tests.daemon.lives import small_config

if TYPE_CHECKING:
    from pathlib import Path

CHALLENGER = {"strategies": [{"type": "replay", "rows": 9}]}
Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def get(service: Service, path: str) -> str:
    connection = http.client.HTTPConnection(service.http.address.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def pages(directory: Path, **sections: Any) -> tuple[Series, dict[str, Any], Service]:
    """What a daemon shows that has learned all of a file: its series, its status, and itself."""
    stream = directory / "stream.jsonl"
    stretches = [Stretch("P", 100), Stretch("Q", 100)]
    regression = sections.get("label", {}).get("type") == "number"
    stream.write_bytes(b"\n".join(e.value or b"" for e in events(stretches, seed=1, regression=regression)) + b"\n")
    source = {"type": "file", "path": str(stream)}
    with Service(small_config(directory, source=source, http={"port": 0}, **sections)) as service:
        service.run(stop=lambda: False)
        families = parse_text(get(service, "/metrics"))
        status = json.loads(get(service, "/status"))
    samples = (sample for family in families for sample in family.samples)
    return {(s.name, frozenset(s.labels.items())): s.value for s in samples}, status, service


def of(series: Series, name: str, **labels: str) -> float | None:
    return series.get((f"retaind_{name}", frozenset(labels.items())))


def test_companions_are_shown_as_they_are(tmp_path: Path) -> None:
    companions = {"naive": ALWAYS, "frozen": ALWAYS, "challenger": CHALLENGER}
    series, status, service = pages(tmp_path, companions=companions)
    main = service.loop.pipeline.main
    assert main is not None
    for name, companion in main.companions:
        figures, total = companion.scored.evaluator.figures(), companion.scored.prequential.total()
        assert of(series, "average_score", learner=name) == figures.average_score
        assert of(series, "retention_score", task="P", learner=name) == figures.tasks[0].now
        assert of(series, "prequential_score", learner=name) == total.accuracy
        assert of(series, "prequential_samples", learner=name) == total.rows > 0
        assert of(series, "learner_steps_total", learner=name) == companion.scored.learner.steps
        assert status["companions"][name]["retention"]["average_score"] == figures.average_score
    assert (
        of(series, "average_score")
        == main.scored.evaluator.figures().average_score
        == status["retention"]["average_score"]
    )
    assert of(series, "buffer_rows", strategy="replay", learner="challenger") == 9
    assert of(series, "learning_rate", learner="frozen") is None
    assert of(series, "learning_rate", learner="naive") == of(series, "learning_rate")


@pytest.mark.parametrize("label", [{"type": "class", "max_classes": 3}, {"type": "number"}])
def test_the_no_change_baseline_is_shown_with_them(tmp_path: Path, label: dict[str, Any]) -> None:
    series, status, service = pages(tmp_path, label=label, companions={"naive": None, "frozen": None})
    main = service.loop.pipeline.main
    assert main is not None
    total = main.scored.prequential.total()
    assert total.no_change_score is not None
    assert of(series, "prequential_score", learner="no_change") == total.no_change_score
    assert of(series, "prequential_samples", learner="no_change") == total.compared < 200
    lead = main.leads().of_main["no_change"]
    newest = {"rows": lead.rows, "score": lead.score, "other": lead.other, "lead": lead.lead}
    assert status["companions"] == {
        "no_change": {
            "prequential": {
                "score": total.no_change_score,
                "window_score": main.scored.prequential.windowed().no_change_score,
                "rows": total.compared,
            },
            "lead": {"newest": newest, "average": None},
        }
    }
    assert (
        of(series, "prequential_window_lead", learner="no_change")
        == lead.lead
        == status["leads"]["no_change"]["lead"]
    )
    assert of(series, "prequential_window_lead_samples", learner="no_change") == lead.rows


def test_what_is_compared_is_of_the_same_events_and_the_rest_is_not_there(tmp_path: Path) -> None:
    companions = {"naive": ALWAYS | {"every_blocks": 2}, "frozen": ALWAYS, "challenger": CHALLENGER}
    series, status, service = pages(tmp_path, companions=companions)
    main = service.loop.pipeline.main
    assert main is not None
    shown = {name: of["lead"] for name, of in status["companions"].items()}
    assert shown["naive"] == {"newest": None, "average": None}
    assert {name: of["compares"] for name, of in status["companions"].items() if name != "no_change"} == {
        "naive": False, "frozen": True, "challenger": True,
    }  # fmt: skip
    assert of(series, "prequential_window_lead", learner="naive") is None
    assert of(series, "average_score_lead", learner="naive") is None
    for name in ("frozen", "challenger"):
        assert shown[name]["newest"]["rows"] == 30
        figures = dict(main.companions)[name].scored.evaluator.figures()
        assert shown[name]["average"]["other"] == pytest.approx(figures.average_score)
        assert shown[name]["average"]["score"] == pytest.approx(main.scored.evaluator.figures().average_score)
        assert of(series, "average_score_lead", learner=name) == shown[name]["average"]["lead"]
        assert of(series, "prequential_window_lead", learner=name) == shown[name]["newest"]["lead"]


def test_the_time_that_companions_take_is_a_stage_of_its_own(tmp_path: Path) -> None:
    series, _, _ = pages(tmp_path, companions={"naive": ALWAYS})
    busy = of(series, "busy_seconds_total", stage="companions")
    assert busy is not None
    assert busy > 0
