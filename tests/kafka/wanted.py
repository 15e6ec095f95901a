"""A broker for a test, or the reason why there is none."""

from __future__ import annotations

import os
from typing import Any, TypeVar

import pytest

from tests.kafka.broker import Broker
from tests.kafka.jars import KafkaUnavailableError

B = TypeVar("B", bound=Broker)


def wanted(kind: type[B], *arguments: Any, **options: Any) -> B:
    """Return a broker, not yet started. Where Kafka cannot run, the test is skipped; under CI it fails."""
    try:
        return kind(*arguments, **options)
    except KafkaUnavailableError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
