"""Rows of the simulator as the daemon gets them: JSON with a key and a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from benchmarks.year.sensors import COLUMNS
from benchmarks.year.states import STATES
from benchmarks.year.variants import CAMPAIGN, LABEL, PRODUCT, TIME
from connectors.record import LocalRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.year.campaigns import Campaign
    from benchmarks.year.simulator import Rows

BEGINNING_SECONDS = 1_735_689_600
"""The first of January 2025, UTC."""
DAY_SECONDS = 86_400
TOPIC = "plant"


def records(rows: Rows, made: Sequence[Campaign], *, start: int) -> list[LocalRecord]:
    """Return one record a row, the first with the offset ``start``."""
    columns = zip(
        rows.time.tolist(),
        rows.machine.tolist(),
        rows.campaign.tolist(),
        rows.readings.tolist(),
        rows.label.tolist(),
        strict=True,
    )
    return [
        _record(start + place, BEGINNING_SECONDS + DAY_SECONDS * time, machine, made[campaign], readings, label)
        for place, (time, machine, campaign, readings, label) in enumerate(columns)
    ]


def _record(  # noqa: PLR0917 - called for every event
    offset: int, seconds: float, machine: int, campaign: Campaign, readings: list[float], label: int
) -> LocalRecord:
    event = {TIME: round(seconds, 3), PRODUCT: campaign.product, CAMPAIGN: campaign.name}
    event |= zip(COLUMNS, readings, strict=True)
    event[LABEL] = STATES[label]
    key = b"machine-%d" % machine
    return LocalRecord(TOPIC, 0, offset, int(1000 * seconds), key, orjson.dumps(event), [])
