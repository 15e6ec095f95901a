"""The edges: where events come from and where results go.

A new source, decoder or sink is one file here and one line in its table below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.file_dead_letters import FileDeadLetters
from connectors.file_predictions import FilePredictions
from connectors.kafka_dead_letters import KafkaDeadLetters
from connectors.kafka_predictions import KafkaPredictions
from connectors.kafka_source import KafkaSource

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCES: Mapping[str, Any] = {
    "kafka": KafkaSource,
}

DECODERS: Mapping[str, Any] = {}

DEAD_LETTERS: Mapping[str, Any] = {
    "file": FileDeadLetters,
    "kafka": KafkaDeadLetters,
}

PREDICTIONS: Mapping[str, Any] = {
    "file": FilePredictions,
    "kafka": KafkaPredictions,
}
