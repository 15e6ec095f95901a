"""Several targets in a file: what they stand for, and what is wrong with a list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from daemon.build.load import load_bytes
from daemon.config.advice.advice import advise
from daemon.config.effective import effective
from daemon.config.errors import ConfigError

if TYPE_CHECKING:
    from daemon.config.schema import Config

BASE = b"""source: {type: file, path: air.jsonl}
decoder: {type: json}
checkpoint: {directory: state}
"""
TWO = "targets: [{field: pm25, ahead: 1h, coverage: 0.9}, {field: pm25, ahead: 24h}]"


def config(text: str) -> Config:
    return load_bytes(BASE + text.encode(), file="air.yaml", environ={})


@pytest.mark.parametrize("label", ["", "label: none\n"])
def test_each_target_is_a_label_of_the_streams_future_under_its_own_name(label: str) -> None:
    whole = config(label + TWO)
    assert list(whole.views) == ["pm25+1h", "pm25+24h"]
    for view, (ahead, coverage) in zip(whole.views.values(), [("1h", 0.9), ("24h", None)], strict=True):
        own: Any = view.label
        assert (own.type, own.origin, own.field, own.ahead, own.coverage) == (
            "number", "stream", "pm25", ahead, coverage,
        )  # fmt: skip
        assert view.targets == ()
        assert view.strategies == config(f"label: {{from: stream, field: pm25, ahead: {ahead}}}").strategies


def test_what_config_show_prints_means_the_same() -> None:
    shown = effective(config(TWO))
    assert shown["label"] == "none"
    assert effective(load_bytes(orjson.dumps(shown), file="shown", environ={})) == shown
    assert list(config("label: {from: stream, field: a, ahead: 2}\ntargets: []").views) == [""]


def test_classes_and_numbers_may_be_told_together() -> None:
    kinds = [
        label.type for label in config("targets: [{field: a, ahead: 1}, {field: a, ahead: 1, as: sign}]").labels
    ]
    assert kinds == ["number", "class"]
    named = "tasks: {type: field}\ndecoder: {type: json, task: t}\n"
    for targets, method in (("[{field: a, ahead: 1, as: sign}]", "derpp"), ("[{field: a, ahead: 1}]", "replay")):
        text = BASE.replace(b"decoder: {type: json}\n", b"") + f"{named}targets: {targets}".encode()
        assert load_bytes(text, file="f", environ={}).strategies[0].type == method


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("targets: [{field: a, ahead: 1}, {field: a, ahead: 1}]", "4:33: targets[1]: a+1 is there twice"),
        (
            "targets: [{field: a, ahead: 1, coverge: 0.9}]",
            '4:32: targets[0].coverge: unknown key; did you mean "cov',
        ),
        ("targets: [{field: a}]", "4:11: targets[0]: from: stream needs field"),
        ("targets: [{from: event}]", "targets[0]: a target is of the stream's own future"),
        ("targets: {field: a, ahead: 1}", "targets: expected a list"),
        ("targets: [a]", "targets[0]: expected a mapping"),
        (f"label: {{type: number}}\n{TWO}", "targets say what is predicted; leave out label and target"),
        (f"target: {{field: a, ahead: 1}}\n{TWO}", "targets say what is predicted; leave out label and target"),
        ("label: none", "or targets, a list of such mappings"),
        (
            f"{TWO}\nstrategies: [{{type: replay, policy: class_balanced}}]",
            "strategies[0].policy: class_balanced keeps as many rows of each class",
        ),
        (
            f"{TWO}\nreference: {{source: {{type: file, path: old.jsonl}}}}",
            "reference: its rows have no future to tell their labels",
        ),
    ],
)
def test_what_is_wrong_with_a_list_is_said_at_its_place(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(text)
    assert said in str(caught.value)


def test_advice_on_a_target_is_placed_in_the_list() -> None:
    text = (
        "targets: [{field: a, ahead: 1}, {field: a, ahead: 1, as: sign, classes: [up, down, same], max_classes: 5}]"
    )
    found = [advice for advice in advise(config(text)) if advice.path[0] == "targets"]
    assert [advice.path for advice in found] == [("targets", 1, "max_classes")]


def test_more_targets_than_metrics_have_room_for_are_refused() -> None:
    many = ", ".join(f"{{field: a, ahead: {ahead}}}" for ahead in range(1, 18))
    with pytest.raises(ConfigError, match="targets: there are 17 targets, and a daemon has at most 16"):
        config(f"targets: [{many}]")
