"""The options of the decoders whose messages are objects with named fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from connectors.decoders.tabular_options import TabularOptions
from connectors.record import MOST_EVENTS


class MessageOptions(TabularOptions):
    """Base of the options of the decoders of objects; a dot leads into a nested object: data.temp."""

    envelope: Literal["cloudevents", "connect", "debezium"] | None = Field(
        None,
        description="What the event is wrapped in: a CloudEvent (structured or binary), Kafka Connect's schema and"
        " payload, or a Debezium change event, of which the row after the change is the event; nothing by default.",
    )
    explode: str | None = Field(
        None,
        min_length=1,
        description="Field that holds a list of events, such as readings: each becomes an event with the message's"
        " other fields, and this field holds it in place of the list (readings.temp). A single dot where the"
        " message itself is the list. By default a message is one event.",
    )
    max_events: int = Field(
        1_000,
        ge=1,
        le=MOST_EVENTS,
        description="Maximum number of events in a message that explode takes apart; one with more is rejected.",
    )
    decimals: Mapping[str, Annotated[int, Field(ge=-1_000, le=1_000)]] = Field(
        {},
        description="Fields that hold an unscaled decimal as bytes or Base64 (Debezium's and Connect's precise"
        " form) in messages without a schema, and their scale: price: 2.",
    )
