from __future__ import annotations

from typing import Any

import pytest

from daemon.config.advice.advice import advise
from daemon.config.errors import TextPosition

CALM = {"dead_letters": "{type: file, path: /var/lib/retaind/rejected.jsonl}"}
SCHEDULE = ("optimizer", "schedule")
BEFORE = "source: {type: file, path: before.jsonl}"
MIXING = {"reference": f"{{{BEFORE}}}", "strategies": "[{type: replay}, {type: mixing}]"}
TASKS = {"tasks": "{type: field}", "retention": "{max_tasks: 5}"}


def paths(load_with: Any, **sections: str) -> list[tuple[str | int, ...]]:
    return [advice.path for advice in advise(load_with(**(CALM | sections)))]


def test_the_defaults_need_no_advice(load_with: Any) -> None:
    assert paths(load_with) == []
    assert paths(load_with, **TASKS) == []


@pytest.mark.parametrize(
    ("sections", "path"),
    [
        ({"optimizer": "{type: adam, lr: 0.02}"}, ("optimizer", "lr")),
        ({"optimizer": "{type: sgd, lr: 0.6}"}, ("optimizer", "lr")),
        ({"optimizer": "{type: sgd, lr: 0.1, momentum: 0.9}"}, ("optimizer", "lr")),
        (TASKS | {"strategies": "[{type: ewc}]"}, ("strategies", 0)),
        ({"strategies": "[{type: ewc, every_events: null}]"}, ("strategies", 0)),
        ({"strategies": "[{type: replay}, {type: ewc, strength: 0}]"}, ("strategies", 1, "strength")),
        (TASKS | {"strategies": "[{type: si}, {type: l2sp}]"}, ("strategies", 0)),
        ({"strategies": "[{type: lwf, every_events: null}]"}, ("strategies", 0)),
        ({"strategies": "[{type: replay}, {type: l2sp, strength: 0}]"}, ("strategies", 1, "strength")),
        ({"strategies": "[{type: ewc, curvature: kronecker}]"}, ("strategies", 0, "curvature")),
        (TASKS | {"strategies": "[{type: replay, rows: 159}]"}, ("strategies", 0, "rows")),
        ({"strategies": "[{type: replay, rows: 31}]"}, ("strategies", 0, "rows")),
        ({"strategies": "[{type: replay, storage: uint8}]"}, ("strategies", 0, "storage")),
        ({"strategies": "[{type: ewc}, {type: der, storage: uint4}]"}, ("strategies", 1, "storage")),
        (MIXING | {"reference": f"{{{BEFORE}, storage: uint8}}"}, ("reference", "storage")),
        ({"tasks": "{type: field}", "retention": "{probe_share: 0}"}, ("retention", "probe_share")),
        ({"http": "{host: 0.0.0.0}"}, ("http", "host")),
        ({"http": "{host: '::'}"}, ("http", "host")),
        ({"http": "{host: plant.example}"}, ("http", "host")),
        ({"dead_letters": "null"}, ("source",)),
        ({"checkpoint": "{directory: /data, keep: 1}"}, ("checkpoint", "keep")),
        ({"checkpoint": "{directory: /tmp/plant}"}, ("checkpoint", "directory")),
        ({"learner": "{linger_seconds: 1}"}, ("learner", "linger_seconds")),
        ({"label": "{classes: [a, b], max_classes: 3}"}, ("label", "max_classes")),
        ({"optimizer": "{type: sgd, schedule: {type: cosine, steps: 9}}"}, (*SCHEDULE, "type")),
        (TASKS | {"optimizer": "{type: adam, schedule: {type: step, steps: 9}}"}, (*SCHEDULE, "type")),
        ({"optimizer": "{type: sgd, schedule: {warm_up: 9, restart: boundary}}"}, (*SCHEDULE, "restart")),
        ({"optimizer": "{type: sgd, schedule: {per_boundary: 0.5}}"}, (*SCHEDULE, "per_boundary")),
        ({"optimizer": "{type: sgd, lr: 0.1, schedule: {cap: 0.2}}"}, (*SCHEDULE, "cap")),
        ({"learner": "{updates_per_task: 50}"}, ("learner", "updates_per_task")),
        ({"model": "{type: closed_form}", "optimizer": "{type: sgd}"}, ("optimizer",)),
        ({"model": "{type: closed_form}", "learner": "{clip_norm: 1}"}, ("learner", "clip_norm")),
        ({"model": "{type: closed_form}", "learner": "{averaging: 0.9}"}, ("learner", "averaging")),
        ({"model": "{type: closed_form}", "learner": "{updates_per_batch: 2}"}, ("learner", "updates_per_batch")),
        ({"model": "{type: closed_form, features: 16000}"}, ("model", "features")),
        (
            TASKS
            | {
                "learner": "{updates_per_task: 50}",
                "optimizer": "{type: sgd, schedule: {warm_up: 50, restart: boundary}}",
            },
            ("learner", "updates_per_task"),
        ),
        ({"learner": "{updates_per_event: 4}"}, ("learner", "updates_per_event")),
        ({"reference": f"{{{BEFORE}}}"}, ("reference",)),
        (MIXING | {"source": "{type: file, path: [{path: a.csv}, before.jsonl]}"}, ("reference", "source")),
    ],
)
def test_what_is_probably_not_meant_is_remarked(
    load_with: Any, sections: dict[str, str], path: tuple[str | int, ...]
) -> None:
    assert paths(load_with, **sections) == [path]


@pytest.mark.parametrize(
    "sections",
    [
        {"optimizer": "{type: adam, lr: 0.01}"},
        {"optimizer": "{type: sgd, lr: 0.5}"},
        TASKS | {"strategies": "[{type: ewc}, {type: replay}]"},
        TASKS | {"strategies": "[{type: mas, every_events: null}, {type: agem}]"},
        {"strategies": "[{type: ewc, curvature: kronecker}]", "optimizer": "{type: sgd}"},
        TASKS | {"strategies": "[{type: ewc}]", "label": "{type: number}"},
        TASKS | {"strategies": "[{type: ewc, every_events: null}, {type: replay}]"},
        TASKS | {"strategies": "[{type: replay, rows: 160}]"},
        TASKS | {"strategies": "[]"},
        {"retention": "{probe_share: 0}"},
        {"http": "{host: '::1'}"},
        {"http": "{host: localhost}"},
        {"optimizer": "{type: sgd, lr: 0.9, schedule: {cap: 0.4}}"},
        {"optimizer": "{type: sgd, schedule: {type: cosine, steps: 9, floor: 0.001}}"},
        {"optimizer": "{type: sgd, schedule: {type: inverse_sqrt, steps: 9, warm_up: 9}}"},
        TASKS | {"optimizer": "{type: sgd, schedule: {type: cosine, steps: 9, restart: boundary}}"},
        TASKS | {"optimizer": "{type: sgd, schedule: {per_boundary: 0.5}}", "learner": "{updates_per_task: 50}"},
        {"learner": "{updates_per_event: 3}"},
        {"learner": "{updates_per_event: 100, batch: 1}", "strategies": "[{type: replay}]"},
        {"reference": f"{{{BEFORE}, probe_share: 1}}"},
        MIXING,
        {
            "decoder": "{type: raw, dtype: uint8, shape: [28, 28], label: digit}",
            "strategies": "[{type: replay, storage: uint8}]",
        },
    ],
)
def test_what_may_well_be_meant_is_left_alone(load_with: Any, sections: dict[str, str]) -> None:
    assert paths(load_with, **sections) == []


def test_advice_has_its_place_the_reason_and_the_remedy(load_with: Any) -> None:
    (advice,) = advise(load_with(**CALM, optimizer="{type: adam, lr: 1}"))
    assert advice.position == TextPosition(5, 29)
    message, line, caret = str(advice).splitlines()
    assert message.startswith("plant.yaml:5:29: optimizer.lr: advice: 1 is aggressive for adam, ")
    assert message.endswith("; start with 0.001 and stay below 0.01")
    assert line[caret.index("^")] == "1"


def test_advice_comes_in_the_order_of_the_file(load_with: Any) -> None:
    found = advise(load_with(log="{}", http="{host: 0.0.0.0}", optimizer="{type: adam, lr: 1}", **CALM))
    assert [advice.path[0] for advice in found] == ["http", "optimizer"]
