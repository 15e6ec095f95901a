"""Dead letters as JSON lines in a file, each exactly once however often the process was killed."""

from __future__ import annotations

import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import orjson

from connectors.files.output_file import OutputFile
from connectors.files.sink_options import FileDeadLettersOptions
from connectors.prediction_json import index_within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.decoder import Reject


class FileDeadLetters(OutputFile):
    """Appends one JSON object per reject; key, value and headers are base64, unchanged."""

    Options = FileDeadLettersOptions

    def __init__(self, options: FileDeadLettersOptions, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(options.path, what="dead letters", max_bytes=options.max_bytes, keep=options.keep)
        self._clock = clock

    def write(self, rejects: Sequence[Reject]) -> None:
        """Append them."""
        now = self._clock()
        self.append(orjson.dumps(_letter(reject, now)) for reject in rejects)


def _letter(reject: Reject, now: float) -> dict[str, Any]:
    record = reject.record
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        **index_within(record),
        "timestamp_ms": record.timestamp,
        "stage": reject.stage,
        "reason": reject.reason,
        "message": reject.message,
        "rejected_at": now,
        "key": _base64(record.key),
        "value": _base64(record.value),
        "headers": [[name, _base64(value)] for name, value in record.headers],
    }


def _base64(raw: bytes | None) -> str | None:
    return None if raw is None else b64encode(raw).decode("ascii")
