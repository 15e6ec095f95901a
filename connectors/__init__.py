"""The edges: where events come from and where results go.

A new source, decoder or sink is one file here and one line in its table below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.csv_decoder import CsvDecoder
from connectors.file_dead_letters import FileDeadLetters
from connectors.file_predictions import FilePredictions
from connectors.file_source import FileSource
from connectors.hyperplane_source import HyperplaneSource
from connectors.json_decoder import JsonDecoder
from connectors.kafka_dead_letters import KafkaDeadLetters
from connectors.kafka_predictions import KafkaPredictions
from connectors.kafka_source import KafkaSource
from connectors.plant_source import PlantSource
from connectors.raw_decoder import RawDecoder

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCES: Mapping[str, Any] = {
    "file": FileSource,
    "hyperplane": HyperplaneSource,
    "kafka": KafkaSource,
    "plant": PlantSource,
}

DECODERS: Mapping[str, Any] = {
    "csv": CsvDecoder,
    "json": JsonDecoder,
    "raw": RawDecoder,
}

DEAD_LETTERS: Mapping[str, Any] = {
    "file": FileDeadLetters,
    "kafka": KafkaDeadLetters,
}

PREDICTIONS: Mapping[str, Any] = {
    "file": FilePredictions,
    "kafka": KafkaPredictions,
}
