"""What `validate --sample` and `doctor` find in the data before the daemon dies of it, or drops it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from daemon.cli import app
from daemon.doctor import CONFIGURED
from daemon.doctor.setup import Setup
from daemon.sample.look import look_at
from daemon.sample.remarks import remarks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from daemon.config.schema import Config
    from tests.daemon.conftest import Load

ROWS = 200


def many_classes(n: int) -> dict[str, Any]:
    return {"a": n / 2, "b": n / 3, "label": f"F{n % 30:02d}"}


def marked(n: int) -> dict[str, Any]:
    return {"a": "NA" if n % 9 == 1 else n / 2, "b": n / 3, "label": "up" if n % 2 else "down"}


def categorical(n: int) -> dict[str, Any]:
    return {"a": n / 2, "wind": "NSEW"[n % 4], "label": "up" if n % 2 else "down"}


def late(n: int) -> dict[str, Any]:
    return {"a": n / 2, "label": n % 2} | ({"late": n} if n > 5 else {})


def spelled(n: int) -> dict[str, Any]:
    return {"a": n / 2, "label": ("ok", "OK ", "bad")[n % 3]}


def timed(n: int) -> dict[str, Any]:
    return {"a": n / 2, "ts": 1_700_000_000_000 + n, "label": n % 2}


def tasked(n: int) -> dict[str, Any]:
    return {"a": n / 2, "id": n, "order": f"o{n}", "label": n % 2}


def continuous(n: int) -> dict[str, Any]:
    return {"a": n / 2, "label": n / 7}


def gappy(n: int) -> dict[str, Any]:
    return {"a": None if n % 3 == 1 else n / 2, "label": n % 2}


FUTURE, AHEAD = "{type: json}", "{from: stream, ahead: 2,"
TARGETS = "[{field: a, ahead: 1}, {field: b, ahead: 2}]"
PLAIN, CSV = "{type: json, label: label}", "{type: csv, header: true, label: label}"


@pytest.fixture
def configured(load: Load, tmp_path: Path) -> Callable[..., Config]:
    """A file of events, and a configuration that reads them."""

    def make(event: Callable[[int], dict[str, Any]], decoder: str = PLAIN, **sections: str) -> Config:
        events = [event(n) for n in range(ROWS)]
        if decoder.startswith("{type: csv"):
            lines = [",".join(events[0]), *(",".join(map(str, each.values())) for each in events)]
        else:
            lines = [json.dumps(each) for each in events]
        (tmp_path / "stream").write_text("\n".join(lines) + "\n")
        given = {
            "source": f'{{type: file, path: "{tmp_path}/stream"}}',
            "decoder": decoder,
            "checkpoint": f'{{directory: "{tmp_path}/state"}}',
        } | sections
        return load("".join(f"{name}: {value}\n" for name, value in given.items()))

    return make


@pytest.mark.parametrize(
    ("event", "decoder", "sections", "path", "said", "fatal"),
    [
        (many_classes, PLAIN, {}, ("label", "max_classes"), "has 30 classes here, and 16 fit", True),
        (many_classes, PLAIN, {"label": "{classes: [F00, F01]}"}, ("label", "classes"), "not listed: F02", True),
        (marked, CSV, {}, ("decoder", "null_values"), "'a' has 'NA' among its numbers, 23 times", True),
        (
            categorical,
            PLAIN,
            {},
            ("decoder", "features"),
            "'wind' is left out, because it is text: 4 values",
            False,
        ),
        (late, PLAIN, {}, ("decoder", "features"), "'late' is left out, because the first event", True),
        (spelled, PLAIN, {}, ("decoder", "label"), "differ in case or spaces alone: 'ok', 'OK '", False),
        (
            timed,
            "{type: json, label: label, time: ts}",
            {},
            ("decoder", "time_unit"),
            "not look like seconds",
            True,
        ),
        (
            tasked,
            "{type: json, label: label, task: order}",
            {},
            ("retention", "max_tasks"),
            "names 200 tasks",
            False,
        ),
        (tasked, PLAIN, {}, ("decoder", "features"), "'id' is taken as a feature, and numbers the rows", False),
        (continuous, PLAIN, {}, ("label",), "looks like an amount: 200 different numbers", True),
        (spelled, PLAIN, {"label": "{type: number}"}, ("label",), "is no number, but text", True),
        (spelled, FUTURE, {"label": f"{AHEAD} field: label}}"}, ("label",), "is no number, but text", True),
        (
            spelled,
            FUTURE,
            {"label": f"{AHEAD} field: lab}}"},
            ("label", "field"),
            "no event has a field 'lab'",
            True,
        ),
        (continuous, FUTURE, {"targets": TARGETS}, ("targets", 1, "field"), "no event has a field 'b'", True),
        (gappy, PLAIN, {}, ("decoder",), "67 of 200 records would be rejected: missing_field at features", False),
        (late, "{type: json, label: labl}", {}, ("decoder", "label"), "no event has a field 'labl'", True),
        (late, "{type: json, label: label, key: kee}", {}, ("decoder", "key"), "no event has a field 'kee'", True),
        (
            late,
            PLAIN,
            {"features": "{lags: [{field: x}]}"},
            ("features", "lags", 0, "field"),
            "no field named",
            True,
        ),
    ],
)
def test_what_does_not_go_with_the_data_is_found_at_its_key(
    event: Callable[[int], dict[str, Any]],
    decoder: str,
    sections: dict[str, str],
    path: tuple[str | int, ...],
    said: str,
    *,
    fatal: bool,
    configured: Callable[..., Config],
) -> None:
    found = remarks(look_at(configured(event, decoder, **sections)))
    of_it = [remark for remark in found if remark.path == path and said in remark.found]
    assert [remark.fatal for remark in of_it] == [fatal], found
    assert all(remark.remedy for remark in found)


def test_data_that_goes_with_it_is_not_remarked_on(configured: Callable[..., Config]) -> None:
    chosen = "{type: json, label: label, features: [a], missing: mean}"
    assert remarks(look_at(configured(gappy, chosen))) == []
    assert remarks(look_at(configured(many_classes, label="{max_classes: 64}"))) == []


def test_the_doctor_sees_the_same(configured: Callable[..., Config], tmp_path: Path) -> None:
    config = configured(many_classes)
    findings = list(CONFIGURED["data"](config, Setup(config=config)))
    assert [str(finding.level) for finding in findings] == ["problem", "problem"]
    assert "label.max_classes: 'label' has 30 classes" in findings[0].found
    assert "64" in findings[0].remedy
    well = configured(many_classes, label="{max_classes: 64}")
    assert "all 200 records: every one" in next(CONFIGURED["data"](well, Setup(config=well))).found
    (tmp_path / "stream").unlink()
    assert "no such file" in next(CONFIGURED["data"](config, Setup(config=config))).found


def test_validate_names_the_line_and_fails_of_what_would_end_the_daemon(tmp_path: Path) -> None:
    file = tmp_path / "plant.yaml"
    (tmp_path / "stream").write_text("".join(json.dumps(categorical(n) | {"label": n}) + "\n" for n in range(ROWS)))
    file.write_text(
        f'source: {{type: file, path: "{tmp_path}/stream"}}\ndecoder: {PLAIN}\ncheckpoint: {{directory: state}}\n'
    )
    unseen = CliRunner().invoke(app, ["validate", str(file)])
    seen = CliRunner().invoke(app, ["validate", "--sample", str(file)])
    assert (unseen.exit_code, seen.exit_code) == (0, 78)
    assert f"{file}:2:1: decoder.features: advice: 'wind' is left out, because it is text" in seen.stderr
    assert "'label' has 200 classes here, and 16 fit; set label.max_classes to 512" in seen.stderr
    assert "left out: text, 4 values" in seen.stdout


@pytest.mark.parametrize(
    "sections", [{"label": "{from: stream, field: a, ahead: 3}"}, {"targets": "[{field: a, ahead: 1}]"}], ids=str
)
def test_an_event_whose_label_comes_later_lacks_nothing(
    configured: Callable[..., Config], sections: dict[str, str]
) -> None:
    look = look_at(configured(continuous, FUTURE, **sections))
    assert (look.trial.records, look.trial.rejects) == (ROWS, 0)
    assert [each for each in remarks(look) if each.fatal] == []
