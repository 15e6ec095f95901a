"""What all tests of the daemon need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from daemon.build.load import load_bytes
from daemon.config.schema import Config
from daemon.config.tables import Tables
from daemon.process.threads import threads

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALLEST = {
    "source": "{type: kafka, topics: [plant]}",
    "decoder": "{type: json, label: fault, task: regime}",
    "checkpoint": "{directory: /var/lib/retaind/plant}",
}
Load = Callable[..., Config]


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    """As the daemon has it by default: more cost ten times the time where other processes want the processor."""
    with threads(1):
        yield


@pytest.fixture(scope="session")
def tables() -> Tables:
    return Tables.installed()


@pytest.fixture(scope="session")
def load(tables: Tables) -> Load:
    """Load YAML text."""

    def from_text(text: str, **environ: str) -> Config:
        return load_bytes(text.encode(), file="plant.yaml", environ=environ, tables=tables)

    return from_text


@pytest.fixture(scope="session")
def load_with(load: Load) -> Load:
    """Load the smallest valid file with some sections added or replaced."""

    def with_sections(environ: dict[str, str] | None = None, /, **sections: str) -> Config:
        text = "\n".join(f"{key}: {value}" for key, value in {**SMALLEST, **sections}.items())
        return load(text, **environ or {})

    return with_sections
