"""A model that was learned in one run is exported, and another run goes on from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.torch import safe_open, save_file
from typer.testing import CliRunner

from daemon.build.learner import build_learner
from daemon.cli import app
from daemon.config.errors import ConfigError
from daemon.config.schema import Config
from daemon.state.checkpoints import CheckpointStore
from tests.daemon.build.test_adapters import ADAPTERS, pipeline
from tests.daemon.event_stream import Stretch, events

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.learning.pipeline import Pipeline
    from strategies.learner import Learner

OPEN = {"label": {"max_classes": 3}}
NUMBER = {"label": {"type": "number"}}
X = torch.from_numpy(np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)) * 3 + 1


def learned(adapters: list[dict[str, Any]], **sections: Any) -> Pipeline:
    made = pipeline(adapters, **sections)
    made.process(
        events(
            [Stretch("one", 60), Stretch("two", 60)], seed=1, regression=sections.get("label") == NUMBER["label"]
        )
    )
    made.finish()
    return made


def export(made: Pipeline, directory: Path, *words: str) -> Path:
    store = CheckpointStore(directory / "state", keep=1)
    store.prepare()
    store.write({"pipeline": made.state_dict(), "source": {}}, {"events": made.events})
    to = directory / "base.safetensors"
    arguments = ["checkpoint", "export", "--state", str(directory / "state"), "--to", str(to), *words]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return to


def learner_from(path: Path, **sections: Any) -> Learner:
    options: dict[str, Any] = {
        "source": {"type": "file", "path": "unused"},
        "decoder": {"type": "json", "label": "y", "task": "task"},
        "label": {"max_classes": 3},
        "model": {"type": "mlp", "hidden": [8], "pretrained": str(path)},
        "adapters": [],
        "checkpoint": {"directory": "unused"},
        **sections,
    }
    return build_learner(Config.model_validate(options), features=3)


def learner_of(made: Pipeline) -> Learner:
    assert made.main is not None
    return made.main.scored.learner


@pytest.mark.parametrize(
    ("adapters", "sections"),
    [
        ([], OPEN),
        ([], NUMBER),
        ([], {"learner": {"batch": 7, "standardise": False}}),
        ([], {"learner": {"batch": 7, "averaging": 0.9}}),
        (ADAPTERS["lora"], OPEN),
        ([{"type": "lora", "rank": 3, "alpha": 5.0, "head": False}], OPEN),
        (ADAPTERS["freeze"], NUMBER),
    ],
    ids=["plain", "number", "unscaled", "averaged", "lora", "lora on the head too", "freeze"],
)
def test_an_exported_model_says_the_same_in_the_plain_model(
    adapters: list[dict[str, Any]], sections: dict[str, Any], tmp_path: Path
) -> None:
    made = learned(adapters, **sections)
    again = learner_from(export(made, tmp_path), **{"label": {"max_classes": 3}, **sections})
    expected = learner_of(made).objective.answer(learner_of(made).predict(X))
    found = again.objective.answer(again.predict(X))
    torch.testing.assert_close(found.value, expected.value, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(again.predict(X), learner_of(made).predict(X), rtol=1e-5, atol=1e-6)


def test_the_head_of_the_named_task_is_exported(tmp_path: Path) -> None:
    made = learned(ADAPTERS["lora and heads"])
    again = learner_from(export(made, tmp_path, "--task", "two"))
    expected = learner_of(made).predict(X, torch.ones(9, dtype=torch.int64))
    torch.testing.assert_close(again.predict(X), expected, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(expected, learner_of(made).predict(X, torch.zeros(9, dtype=torch.int64)))


@pytest.mark.parametrize(
    ("case", "words", "reason"),
    [
        ("heads", [], "say which task the exported one is to do"),
        ("heads", ["--task", "six"], "there is no task six in this checkpoint; there are: one, two"),
        ("progressive", [], "make no plain model"),
    ],
)
def test_what_is_no_plain_model_is_not_exported(case: str, words: list[str], reason: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=reason):
        export(learned(ADAPTERS[case]), tmp_path, *words)
    assert not (tmp_path / "base.safetensors").exists()


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "base.safetensors").write_bytes(b"precious")
    with pytest.raises(AssertionError, match="exists; give another name"):
        export(learned([]), tmp_path)
    assert (tmp_path / "base.safetensors").read_bytes() == b"precious"


def test_the_file_carries_the_classes_and_an_open_set_begins_with_them(tmp_path: Path) -> None:
    made = learned([])
    path = export(made, tmp_path)
    with safe_open(path, framework="pt") as file:
        assert json.loads(file.metadata()["classes"]) == list(made.snapshot().classes)
    model = {"type": "mlp", "hidden": [8], "pretrained": str(path)}
    again = pipeline([], model=model)
    assert list(again.snapshot().classes) == list(made.snapshot().classes)
    reversed_names = list(made.snapshot().classes)[::-1]
    with pytest.raises(ConfigError, match="declare these first, in this order"):
        pipeline([], model=model, label={"classes": reversed_names})


def test_what_pretrained_is_and_is_not_scaled_by_is_taken_up(tmp_path: Path) -> None:
    path = export(learned([]), tmp_path)
    with pytest.raises(ConfigError, match=r"learned on scaled inputs.* set learner\.standardise: true"):
        learner_from(path, learner={"standardise": False})


def test_a_run_from_pretrained_weights_resumes_without_their_file_mattering(tmp_path: Path) -> None:
    path = export(learned([]), tmp_path)
    model = {"type": "mlp", "hidden": [8], "pretrained": str(path)}
    records = events([Stretch("two", 50)], seed=8)
    straight, resumed = (pipeline(ADAPTERS["lora"], model=model) for _ in range(2))
    straight.process(records[:30])
    resumed.load_state_dict(straight.state_dict())
    for each in (straight, resumed):
        each.process(records[30:])
    assert torch.equal(learner_of(straight).parameters, learner_of(resumed).parameters)
    assert torch.equal(learner_of(straight).predict(X), learner_of(resumed).predict(X))


def plain_weights() -> dict[str, torch.Tensor]:
    """Return weights as another program names them."""
    generator = torch.Generator().manual_seed(0)
    shapes = {"0.weight": (8, 3), "0.bias": (8,), "2.weight": (3, 8), "2.bias": (3,)}
    return {name: torch.randn(*shape, generator=generator) for name, shape in shapes.items()}


def test_weights_from_elsewhere_are_used_by_their_names(tmp_path: Path) -> None:
    weights, path = plain_weights(), tmp_path / "theirs.safetensors"
    save_file({name: tensor.half() for name, tensor in weights.items()}, path)
    learner = learner_from(path, learner={"standardise": False})
    w = {name: tensor.half().float() for name, tensor in weights.items()}
    expected = torch.relu(X @ w["0.weight"].t() + w["0.bias"]) @ w["2.weight"].t() + w["2.bias"]
    torch.testing.assert_close(learner.predict(X), expected)


def own_model(*, features: int, outputs: int, width: int) -> torch.nn.Module:
    """Return a model that is nobody's but the user's."""
    return torch.nn.Sequential(torch.nn.Linear(features, width), torch.nn.ReLU(), torch.nn.Linear(width, outputs))


def test_a_model_of_ones_own_starts_from_weights_and_takes_adapters_too(tmp_path: Path) -> None:
    path = tmp_path / "theirs.safetensors"
    save_file(plain_weights(), path)
    model = {"type": f"{__name__}:own_model", "width": 8, "pretrained": str(path)}
    given = {"model": model, "learner": {"standardise": False}}
    own = learner_from(path, **given, adapters=[{"type": "lora", "rank": 2}])
    assert torch.equal(own.predict(X), learner_from(path, **given).predict(X))
    assert own.parameters.numel() == 2 * (3 + 8) + 8 * 3 + 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"2.weight": torch.zeros(5, 8)}, r"the tensor 2\.weight is \(5, 8\), the model expects \(3, 8\); give"),
        ({"2.bias": None}, r"there is no tensor 2\.bias \(3\), which the model needs; there are: 0\.bias \(8\)"),
        ({"4.weight": torch.zeros(2)}, r"the model has no place for the tensor 4\.weight \(2\)"),
    ],
)
def test_weights_of_another_model_are_refused_by_name(
    change: dict[str, torch.Tensor | None], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "theirs.safetensors"
    save_file({name: tensor for name, tensor in {**plain_weights(), **change}.items() if tensor is not None}, path)
    with pytest.raises(ConfigError, match=words):
        learner_from(path)


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read: No such file"), (b"PK", "is not a safetensors file")]
)
def test_a_file_that_cannot_be_read_is_a_wrong_configuration(
    content: bytes | None, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "theirs.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        learner_from(path)
