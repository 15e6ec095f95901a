"""From a configuration to the rows from before the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from connectors import DECODERS
from daemon.build.edges import build_source_of
from daemon.build.learner import generator_for
from daemon.config.components import resolve
from daemon.intake.features.field_names import FieldNameError
from daemon.intake.labels.options import ClassLabel
from daemon.intake.reference.reading import ReferenceReader, UnusableReferenceError
from daemon.intake.reference.records import records_up_to_now
from daemon.intake.row_maker import RowMaker

if TYPE_CHECKING:
    from daemon.config.schema import Config
    from daemon.intake.intake import Intake
    from daemon.intake.reference.rows import ReferenceRows

log = structlog.get_logger("retaind")


def read_reference(config: Config, intake: Intake) -> ReferenceRows:
    """Read the rows of the section ``reference``; raise ``ConfigError`` where they don't go with the stream's."""
    section = config.reference
    assert section is not None
    options: Any = section.decoder or config.decoder
    rows = RowMaker(
        resolve(options.type, DECODERS)(options), features=config.features, label=config.label, labels=intake.labels
    )
    reader = ReferenceReader(
        rows,
        most_rows=section.rows,
        probe_share=section.probe_share,
        precision=section.storage,
        value_range=section.range,
        classification=isinstance(config.label, ClassLabel),
        generator=generator_for(config, "reference"),
    )
    records = records_up_to_now(
        build_source_of(section.source), most=section.max_events, wait_seconds=section.wait_seconds
    )
    try:
        found = reader.read(records, seed=config.seed, max_rejected_share=config.rejections.max_share)
        names = intake.known_feature_names
        found = found if names is None else found.arranged(names)
    except FieldNameError as error:
        raise config.error(error.path, str(error)) from error
    except UnusableReferenceError as error:
        raise config.error(("reference",), str(error)) from error
    log.info("reference read", records=reader.records, scored=found.probes.capacity, mixed=found.mixable.capacity)
    return found
