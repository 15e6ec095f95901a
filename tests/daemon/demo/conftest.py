from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from daemon.build.load import load
from daemon.config.sections import HttpSection
from daemon.demo.configuration import NAIVE, RETAIND, write_configuration
from daemon.demo.folder import begin_afresh
from daemon.demo.learning import Learned, Standing, learn
from daemon.service import Service

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = 14_000


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Learned, Learned]:
    """What the two learners made of a short plant: naive, retaind."""
    output = tmp_path_factory.mktemp("demo")
    begin_afresh(output)
    return _learned(output, NAIVE), _learned(output, RETAIND)


def _learned(output: Path, name: str) -> Learned:
    config = load(write_configuration(output, name, events=EVENTS))
    seen: list[Standing] = []
    with Service(config.model_copy(update={"http": HttpSection(port=0)})) as service:
        learned = learn(service, stop=lambda: False, watch=seen.append)
    assert learned is not None
    assert seen[-1].events == learned.standing.events
    return learned
