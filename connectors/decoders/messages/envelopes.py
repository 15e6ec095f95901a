"""Which function opens which envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.decoders.messages.cloud_events import open_cloud_event
from connectors.decoders.messages.connect import open_connect
from connectors.decoders.messages.debezium import open_debezium

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.decoders.messages.envelope_contract import Envelope

ENVELOPES: Final[Mapping[str, Envelope]] = {
    "cloudevents": open_cloud_event,
    "connect": open_connect,
    "debezium": open_debezium,
}
