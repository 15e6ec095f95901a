"""From a configuration to the rows from before the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from daemon.build.edges import build_source_of, waiting_for_decoder
from daemon.build.learner import generator_for
from daemon.build.rows import build_rows
from daemon.intake.features.field_names import FieldNameError
from daemon.intake.labels.options import ClassLabel
from daemon.intake.reference.reading import ReferenceReader, UnusableReferenceError
from daemon.intake.reference.records import records_up_to_now

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
    rows = build_rows(config, options, labels=intake.labels, origins=intake.origins, categories=intake.categories)
    reader = ReferenceReader(
        rows,
        most_rows=section.rows,
        probe_share=section.probe_share,
        precision=section.storage,
        value_range=section.range,
        classification=isinstance(config.label, ClassLabel),
        generator=generator_for(config, "reference"),
    )
    source = waiting_for_decoder(build_source_of(section.source), options, prepare=rows.prepare)
    records = records_up_to_now(source, most=section.max_events, wait_seconds=section.wait_seconds)
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
