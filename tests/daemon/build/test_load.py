from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from daemon.build.load import load
from daemon.config.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.config.tables import Tables

TEXT = """
name: ${NAME}
source: {type: kafka, topics: [plant]}
decoder: {type: json, label: fault}
checkpoint: {directory: /var/lib/retaind}
"""


def test_a_file_is_read_with_the_given_environment(tmp_path: Path, tables: Tables) -> None:
    file = tmp_path / "plant.yaml"
    file.write_text(TEXT, encoding="utf-8")
    assert load(file, environ={"NAME": "plant"}, tables=tables).name == "plant"


def test_a_file_that_is_not_there_is_a_configuration_error(tmp_path: Path, tables: Tables) -> None:
    for file in (tmp_path / "nowhere.yaml", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read") as caught:
            load(file, tables=tables)
        assert str(caught.value).startswith(f"{file}: ")


def test_a_key_that_proves_wrong_later_still_has_its_place(tmp_path: Path, tables: Tables) -> None:
    file = tmp_path / "plant.yaml"
    file.write_text(TEXT, encoding="utf-8")
    error = load(file, environ={"NAME": "x"}, tables=tables).error(("checkpoint", "directory"), "is locked")
    assert str(error).startswith(f"{file}:5:25: checkpoint.directory: is locked\n")
