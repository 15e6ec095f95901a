"""The short form of ``make faults``: some faults of any kind with each library, drawn anew each time."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.launcher import Launcher
from tests.faults.attempt import Attempt
from tests.faults.machine import NoCompilerError, build
from tests.faults.proxied_broker import ProxiedBroker
from tests.kafka.wanted import wanted

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.kafka
def test_whatever_befalls_it_every_event_becomes_what_it_must_once(tmp_path: Path) -> None:
    try:
        library = build(tmp_path)
    except NoCompilerError as missing:
        pytest.skip(str(missing))
    chance = random.SystemRandom()
    with wanted(ProxiedBroker) as broker, Launcher({"LD_PRELOAD": str(library)}) as launcher:
        for library in ("kafka-python", "librdkafka"):
            attempt = Attempt(chance.randrange(1 << 31), library)
            attempt.run(broker, launcher, tmp_path, faults=3)
            assert attempt.good, str(attempt)
