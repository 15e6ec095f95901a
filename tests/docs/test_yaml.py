"""Every YAML block of the docs is valid: as a retaind configuration, unless its title says whose file it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from safetensors.torch import save_file

from daemon.build.load import load_bytes
from daemon.config.advice.advice import advise
from daemon.config.errors import ConfigError
from daemon.config.tables import Tables
from strategies import MODELS
from tests.docs.fences import Fence, every_fence

if TYPE_CHECKING:
    from pathlib import Path

OTHERS = {
    "prometheus.yml": {"scrape_configs", "rule_files"},
    "provisioning/dashboards/retaind.yaml": {"apiVersion", "providers"},
    "values.yaml": {"image", "existingSecret", "config", "podMonitor", "prometheusRule", "dashboards"},
    "web.yml": {"tls_server_config", "basic_auth_users"},
}
"""Files of other programs, by the title of their block: their sections."""
LANGUAGES = {"sh", "yaml", "python", "json", "text"}
BASE = {
    "source": {"type": "kafka", "topics": ["plant"]},
    "decoder": {"type": "json", "label": "fault", "task": "regime"},
    "tasks": {"type": "field"},
    "checkpoint": {"directory": "state"},
}
"""What a block that is a part of a configuration is completed with."""
TRIED = {
    "tutorial.md": "tests/docs/test_tutorial.py runs it, mistake and all",
    "adding-a-strategy.md": "tests/docs/test_adding.py validates it with what the page adds",
    "adding-a-connector.md": "tests/docs/test_adding.py validates it with what the page adds",
}
"""Pages whose configurations need what stands before them: where they are validated."""
BLOCKS = [fence for fence in every_fence() if fence.language == "yaml" and fence.page.name not in TRIED]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the blocks' files are: the weights that one begins with."""
    options = MODELS["cnn"].Options(shape=(1, 28, 28))
    save_file(MODELS["cnn"].load()(options, features=784, outputs=16).state_dict(), tmp_path / "base.safetensors")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return Tables.installed()


def _completed(text: str) -> str:
    given = yaml.safe_load(text)
    rest = {key: value for key, value in BASE.items() if key not in given}
    return f"{text}\n{yaml.safe_dump(rest) if rest else ''}"


def _check(text: str, tables: Tables) -> None:
    advise(load_bytes(_completed(text).encode(), file="block", environ={}, tables=tables))


def test_every_block_says_its_language() -> None:
    assert [str(fence) for fence in every_fence() if fence.language not in LANGUAGES] == []


@pytest.mark.parametrize("fence", [fence for fence in BLOCKS if fence.title not in OTHERS], ids=str)
def test_a_configuration_or_a_part_of_one_is_valid(fence: Fence, tables: Tables) -> None:
    _check(fence.text, tables)


@pytest.mark.parametrize("fence", [fence for fence in BLOCKS if fence.title in OTHERS], ids=str)
def test_a_file_of_another_program_is_what_its_title_says(fence: Fence, tables: Tables) -> None:
    read: dict[str, Any] = yaml.safe_load(fence.text)
    assert set(read) <= OTHERS[str(fence.title)]
    if "config" in read:
        _check(yaml.safe_dump(read["config"]), tables)


def test_a_part_with_a_mistake_is_found(tables: Tables) -> None:
    with pytest.raises(ConfigError, match="strengh"):
        _check("strategies: [{type: ewc, strengh: 10}]", tables)
