"""What is learned with where a file leaves it to us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from daemon.build.load import load_bytes
from daemon.config.default_strategies import default_strategies

if TYPE_CHECKING:
    from daemon.config.schema import Config

FILE = """
source: {{type: plant}}
decoder: {decoder}
label: {label}
tasks: {tasks}
model: {model}
checkpoint: {{directory: state}}
{strategies}
"""
JSON = "{type: json, label: fault, task: regime}"
IMAGES = "{type: raw, dtype: uint8, shape: [4], scale: 0.5, offset: -1, label: label, task: task}"


def config(
    *,
    decoder: str = JSON,
    label: str = "{type: class}",
    tasks: str = "{type: field}",
    strategies: str = "",
    model: str = "{type: mlp}",
) -> Config:
    text = FILE.format(decoder=decoder, label=label, tasks=tasks, strategies=strategies, model=model)
    return load_bytes(text.encode(), file="retaind.yaml", environ={})


def kinds(config: Config) -> list[str]:
    return [strategy.type for strategy in config.strategies]


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({}, ["derpp", "l2sp"]),
        ({"tasks": "{type: schedule, every_events: 1000}"}, ["derpp", "l2sp"]),
        ({"tasks": "{type: none}"}, ["replay", "l2sp"]),
        ({"tasks": "{type: drift}"}, ["replay", "l2sp"]),
        ({"label": "{type: number}"}, ["replay", "l2sp"]),
        ({"model": "{type: closed_form}"}, []),
    ],
)
def test_the_list_suits_the_stream_whether_the_word_is_there_or_not(
    sections: dict[str, str], expected: list[str]
) -> None:
    assert kinds(config(**sections)) == expected
    assert kinds(config(**sections, strategies="strategies: default")) == expected


def test_images_are_kept_in_a_byte_a_pixel() -> None:
    options, _ = config(decoder=IMAGES).strategies
    derpp: Any = options
    assert (derpp.storage, derpp.range) == ("uint8", (-1.0, 126.5))


def test_an_empty_list_stays_empty() -> None:
    assert kinds(config(strategies="strategies: []")) == []


def test_a_list_is_taken_as_it_is() -> None:
    assert kinds(config(strategies="strategies: [{type: replay, rows: 7}]")) == ["replay"]


@pytest.mark.parametrize(
    ("optimizer", "pull"), [({"type": "adam"}, (0.2, True)), ({"type": "sgd", "lr": 0.1}, (0.004, None))]
)
def test_the_pull_suits_the_learning_rate_of_the_optimizer(
    optimizer: dict[str, Any], pull: tuple[float, bool | None]
) -> None:
    *_, l2sp = default_strategies({"optimizer": optimizer})
    assert (l2sp["strength"], l2sp.get("decoupled")) == pull
