"""What the tests of Kafka's sources and sinks share: most of them are of each library."""

from __future__ import annotations

import pytest

from tests.connectors.kafka.reading import Chosen


@pytest.fixture(params=["kafka-python", "librdkafka"])
def each_library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let a test be run with each of the libraries, and say which it is."""
    library: str = request.param
    monkeypatch.setattr(Chosen, "library", library)
    return library
