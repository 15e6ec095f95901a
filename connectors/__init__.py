"""Sources, decoders and sinks: where events come from and where results go.

A new source, decoder or sink is one file here and one line in its table below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.decoders.avro import AvroMessages
from connectors.decoders.csv import CsvDecoder
from connectors.decoders.json_messages import JsonMessages
from connectors.decoders.msgpack import MsgpackMessages
from connectors.decoders.protobuf import ProtobufMessages
from connectors.decoders.raw import RawDecoder
from connectors.files.dead_letters import FileDeadLetters
from connectors.files.predictions import FilePredictions
from connectors.files.source import FileSource
from connectors.kafka.dead_letters import KafkaDeadLetters
from connectors.kafka.predictions import KafkaPredictions
from connectors.kafka.source import KafkaSource
from connectors.synthetic.hyperplane import HyperplaneSource
from connectors.synthetic.plant import PlantSource

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCES: Mapping[str, Any] = {
    "file": FileSource,
    "hyperplane": HyperplaneSource,
    "kafka": KafkaSource,
    "plant": PlantSource,
}

DECODERS: Mapping[str, Any] = {
    "avro": AvroMessages,
    "csv": CsvDecoder,
    "json": JsonMessages,
    "msgpack": MsgpackMessages,
    "protobuf": ProtobufMessages,
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
