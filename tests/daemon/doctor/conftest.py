from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from daemon.build.load import load_bytes
from daemon.config.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from daemon.config.schema import Config


@pytest.fixture(scope="session")
def tables() -> Tables:
    return Tables.installed()


@pytest.fixture
def configure(tmp_path: Path, tables: Tables) -> Callable[..., Config]:
    """Make a configuration of sections written as YAML, whose state is in the test's folder."""

    def with_sections(*, environ: Mapping[str, str] | None = None, **sections: Any) -> Config:
        given = {
            "source": "{type: plant}",
            "decoder": "{type: json, label: fault}",
            "checkpoint": f'{{directory: "{tmp_path}/state"}}',
        } | sections
        text = "".join(f"{name}: {value}\n" for name, value in given.items())
        return load_bytes(text.encode(), file=str(tmp_path / "plant.yaml"), environ=environ or {}, tables=tables)

    return with_sections
