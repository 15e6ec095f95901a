"""What the daemon would publish of events that are made up or read here, without a source or a sink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from connectors.record import LocalRecord
from daemon.build.load import load_bytes
from daemon.build.pipeline import build_any_pipeline
from daemon.learning.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.sink import Prediction

AT_ONCE = 512
_NOWHERE: dict[str, Any] = {
    "source": {"type": "file", "path": "(made up)"},
    "strategies": "default",
    "predictions": {"type": "file", "path": "(nowhere)"},
    "checkpoint": {"directory": "(none)"},
}


def published(
    sections: Mapping[str, Any],
    events: Sequence[Mapping[str, Any]],
    *,
    topic: str,
    times_ms: Sequence[int] | None = None,
    stopwatch: Stopwatch | None = None,
) -> list[Prediction]:
    """Return the predictions of the untouched default, but for ``sections``, on JSON events in their order.

    An event a second, unless their times are given. Which are held out depends on the ``topic`` that they are of,
    and on their places.
    """
    # JSON is YAML.
    config = load_bytes(orjson.dumps(_NOWHERE | dict(sections)), file=topic, environ={})
    pipeline = build_any_pipeline(config, stopwatch=stopwatch or Stopwatch())
    records = [
        LocalRecord(topic, 0, offset, time, None, orjson.dumps(event), [])
        for offset, (time, event) in enumerate(
            zip(times_ms or range(0, 1_000 * len(events), 1_000), events, strict=True)
        )
    ]
    said: list[Prediction] = []
    for start in range(0, len(records), AT_ONCE):
        said += pipeline.process(records[start : start + AT_ONCE]).predictions
    return said
