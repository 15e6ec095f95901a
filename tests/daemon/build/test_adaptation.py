"""What adapters and a pretrained start need is checked by ``validate``, with the place and the remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from daemon.cli import app
from daemon.config.advice.advice import advise
from daemon.config.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

BY_FIELD = "{type: field}"


@pytest.mark.parametrize(
    ("adapters", "sections", "words"),
    [
        ("[{type: progressive}, {type: lora}]", {}, "adapters[0]: progressive networks say themselves what learns"),
        ("[{type: heads}, {type: lora}]", {}, "adapters[0]: heads come after all other adapters"),
        (
            "[{type: heads}]",
            {"tasks": "{type: none}"},
            "adapters[0]: without tasks there is nothing to choose heads by",
        ),
        ("[{type: progressive}]", {"tasks": "{type: none}"}, "nothing to choose progressive by"),
        ("[{type: lora}, {type: lora}]", {}, "adapters[1]: lora is given twice"),
        ("[{type: lora, layers: [7]}]", {}, "expected"),
        (
            "[{type: lora, layers: ['7']}]",
            {},
            "adapters[0]: lora.layers: nothing in the model is called 7; it has 0, 2",
        ),
        ("[{type: lora}]", {"model": "{type: linear}"}, "adapters[0]: lora.layers: the model has no such layer"),
        ("[{type: freeze, layers: ['*']}]", {}, "adapters[0]: freeze.layers: nothing is left to learn"),
        ("[{type: freezer}]", {}, "unknown type 'freezer'; expected one of freeze, heads, lora, progressive"),
        (
            "[]",
            {"model": "{type: mlp, pretrained: no.safetensors}"},
            "model.pretrained: no.safetensors cannot be read",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_at_its_place(
    adapters: str, sections: dict[str, str], words: str, load_with: Any
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_with(adapters=adapters, **{"tasks": BY_FIELD, **sections})
    assert words in str(caught.value)
    assert "plant.yaml:" in str(caught.value)


@pytest.mark.parametrize(
    "adapters",
    ["[{type: lora}, {type: freeze, layers: ['0.*']}, {type: heads}]", "[{type: progressive, max_columns: 4}]"],
)
def test_what_goes_together_is_valid(adapters: str, load_with: Any) -> None:
    assert load_with(adapters=adapters, tasks=BY_FIELD).adapters


def weights(path: Path, *, outputs: int = 16) -> Path:
    shapes = {"0.weight": (8, 5), "0.bias": (8,), "2.weight": (outputs, 8), "2.bias": (outputs,)}
    save_file({name: torch.zeros(shape) for name, shape in shapes.items()}, path)
    return path


def test_the_defaults_are_conservative_with_a_pretrained_start(load_with: Any, tmp_path: Path) -> None:
    model = f"{{type: mlp, hidden: [8], pretrained: {weights(tmp_path / 'base.safetensors')}}}"
    assumed = load_with(model=model)
    assert [(adapter.type, adapter.rank) for adapter in assumed.adapters] == [("lora", 8)]
    assert (assumed.optimizer.type, assumed.optimizer.lr) == ("adam", 0.0003)
    said = load_with(model=model, adapters="[]", optimizer="{type: adam, lr: 0.01}")
    assert (said.adapters, said.optimizer.lr, said.assumed) == ((), 0.01, {})
    momentum = load_with(model=model, optimizer="{type: sgd, momentum: 0.9}")
    assert (momentum.optimizer.lr, momentum.optimizer.momentum) == (0.005, 0.9)
    assert load_with().assumed == {}


def test_validate_shows_what_is_assumed_and_checks_the_weights(tmp_path: Path) -> None:
    file = tmp_path / "plant.yaml"
    path = weights(tmp_path / "base.safetensors")
    sections = {
        "source": "{type: kafka, topics: [plant]}",
        "decoder": "{type: json, label: fault}",
        "model": f"{{type: mlp, hidden: [8], pretrained: {path}}}",
        "dead_letters": "{type: file, path: rejected.jsonl}",
        "checkpoint": "{directory: /var/lib/retaind}",
    }
    file.write_text("\n".join(f"{key}: {value}" for key, value in sections.items()), encoding="utf-8")
    good = CliRunner().invoke(app, ["validate", str(file)])
    assert (good.exit_code, good.stderr) == (0, "")
    assert good.stdout.splitlines() == [
        f'{file}: adapters is assumed for the pretrained model: [{{"type": "lora", "rank": 8}}]',
        f'{file}: optimizer is assumed for the pretrained model: {{"type": "adam", "lr": 0.0003}}',
        f"{file}: valid",
    ]
    weights(path, outputs=3)
    bad = CliRunner().invoke(app, ["validate", str(file)])
    assert bad.exit_code == 78
    assert bad.stderr.startswith(
        f"{file}:3:45: model.pretrained: the tensor 2.weight is (3, 8), the model expects (16, 8)"
    )


def test_progressive_networks_need_no_strategy(load_with: Any) -> None:
    columns = {"adapters": "[{type: progressive}]", "tasks": BY_FIELD}
    advised = [remark for remark in advise(load_with(**columns)) if remark.path == ("strategies",)]
    assert [remark.remedy for remark in advised] == ["write strategies: []"]
    alone = advise(load_with(strategies="[]", **columns))
    assert not [remark for remark in alone if remark.path[0] == "strategies"]


def test_an_anchor_alone_is_enough_where_every_task_has_a_head(load_with: Any) -> None:
    anchored = {"strategies": "[{type: ewc}]", "tasks": BY_FIELD}
    shared, own = (
        {remark.path for remark in advise(load_with(**anchored, adapters=adapters))}
        for adapters in ("[]", "[{type: heads}]")
    )
    assert shared - own == {("strategies", 0)}
