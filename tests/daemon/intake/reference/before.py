"""Files of rows from before the stream, and what reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from connectors.decoders.json import JsonDecoder
from connectors.decoders.json_options import JsonOptions
from connectors.record import LocalRecord
from daemon.config.reference_section import ReferenceSection
from daemon.intake.features.options import FeaturesSection
from daemon.intake.labels.encoder import label_encoder
from daemon.intake.labels.options import ClassLabel
from daemon.intake.reference.reading import ReferenceReader
from daemon.intake.row_maker import RowMaker
from tests.daemon.event_stream import FIELDS, Stretch, events

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from daemon.intake.labels.options import NumberLabel


def before(rows: int, *, seed: int = 50, **more: Any) -> list[LocalRecord]:
    """Events from before the stream; field ``a`` of event n is n, so that a row can be told."""
    made = []
    for number, record in enumerate(events([Stretch("before", rows)], seed=seed, **more)):
        event = orjson.loads(record.value or b"")
        made.append(LocalRecord("before", 0, number, -1, None, orjson.dumps(event | {"a": number}), []))
    return made


def write(path: Path, records: Sequence[LocalRecord]) -> Path:
    path.write_bytes(b"\n".join(record.value or b"" for record in records) + b"\n")
    return path


def reader(
    *,
    label: ClassLabel | NumberLabel | None = None,
    features: dict[str, Any] | None = None,
    decoder: dict[str, Any] | None = None,
    seed: int = 0,
    **options: Any,
) -> ReferenceReader:
    label = label or ClassLabel(max_classes=3)
    section = ReferenceSection.model_validate({"source": {"type": "file", "path": "unused"}} | options)
    fields = {"label": "y", "features": list(FIELDS)} | (decoder or {})
    return ReferenceReader(
        RowMaker(
            JsonDecoder(JsonOptions.model_validate(fields)),
            features=FeaturesSection.model_validate(features or {}),
            label=label,
            labels=label_encoder(label),
        ),
        most_rows=section.rows,
        probe_share=section.probe_share,
        precision=section.storage,
        value_range=section.range,
        classification=isinstance(label, ClassLabel),
        generator=np.random.default_rng(seed),
    )
