"""Whatever records say: each is learned, held out, waits, or is rejected. ``make fuzz`` draws a million of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from daemon.config.schema import Config
from daemon.service import Service
from tests.fuzz.accounts import Accounts
from tests.fuzz.batches import ANYTHING, batch, taken
from tests.fuzz.schemas import HELD
from tests.fuzz.setting import SETTINGS, configuration
from tests.registry.gate import Gate, holding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from tests.kafka.cluster import Cluster

BATCHES, RECORDS = 4, 12
DEADLINE_SECONDS = 30.0


class Fuzzed:
    """A service that learns a topic while records are written to it."""

    def __init__(self, service: Service, broker: Cluster, topic: str, form: str) -> None:
        self.service, self.form = service, form
        self._broker, self._topic = broker, topic
        self._written = 0

    def write(self, draws: Random) -> None:
        sizes = [1 + draws.randrange(RECORDS) for _ in range(BATCHES)]
        batches = [batch(draws, self.form, records=size) for size in sizes]
        self._written += taken(self._broker.bootstrap, self._topic, batches, sizes)

    def read(self) -> Accounts:
        """Turn until all is read, and return what became of it."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.service.registry.get_sample_value("retaind_events_received_total") != self._written:
            self.service.turn()
            assert time.monotonic() < deadline, self.service.source.status()
        self.service.turn()
        return Accounts.of_service(self.service, written=self._written)


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with Gate(holding(HELD)) as gate:
        yield gate.url


@pytest.fixture(params=SETTINGS)
def fuzzed(
    request: pytest.FixtureRequest, broker: Cluster, topic: str, tmp_path: Path, registry: str
) -> Iterator[Fuzzed]:
    odd = broker.create_topic(f"{topic}-odd", config=ANYTHING)
    setting = SETTINGS[request.param]
    dead = {"type": "file", "path": str(tmp_path / "dead.jsonl")}
    config = Config.model_validate(
        configuration(
            setting,
            bootstrap=broker.bootstrap,
            topic=odd,
            directory=str(tmp_path / "state"),
            dead=dead,
            registry=registry,
        )
    )
    with Service(config) as service:
        yield Fuzzed(service, broker, odd, setting.form)
        service.loop.save()
    broker.delete_topic(odd)


# One daemon takes all examples: what an earlier one has spoilt, no smaller one would show.
@settings(max_examples=8, suppress_health_check=list(HealthCheck), phases=[Phase.generate], database=None)
@given(draws=st.randoms(use_true_random=False))
def test_every_record_is_accounted_for(fuzzed: Fuzzed, draws: Random) -> None:
    fuzzed.write(draws)
    accounts = fuzzed.read()
    assert accounts.balanced, accounts
