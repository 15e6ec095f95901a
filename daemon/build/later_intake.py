"""From a configuration to what makes rows of events whose labels come later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.decoders.tabular_options import TabularOptions
from connectors.record import readable
from daemon.build.decoder import decoder_of
from daemon.build.module import known_classes
from daemon.build.rows import build_origins, build_rows, number_text
from daemon.intake.features.categories import Categories
from daemon.intake.labels.encoder import label_encoder
from daemon.intake.later.joined_labels import JoinedLabels
from daemon.intake.later.label_finder import InRecords, InTheStream
from daemon.intake.later.label_records import LabelRecords
from daemon.intake.later.later_intake import LaterIntake
from daemon.intake.later.stream_targets import StreamTargets

if TYPE_CHECKING:
    from daemon.config.schema import Config
    from daemon.intake.labels.encoder import LabelEncoder
    from daemon.intake.later.label_finder import LabelFinder
    from daemon.tasks.contract import Tasks


def build_later_intake(config: Config, *, tasks: Tasks) -> LaterIntake:
    """Return what makes rows of events, and finds the labels that come for them."""
    options: Any = config.decoder
    labels = label_encoder(config.label, known=known_classes(config), text=number_text(options))
    stream = config.label.origin == "stream"
    finder: LabelFinder = in_the_stream(config, labels) if stream else _in_records(config, labels)
    rows = build_rows(
        config,
        event_options(config),
        labels=labels,
        origins=build_origins(config),
        categories=Categories(config.features.categories),
        later_labels=True,
        examples=lambda records: finder.events(readable(records))[0],
    )
    return LaterIntake(
        rows,
        tasks=tasks,
        holdout_share=config.retention.probe_share,
        seed=config.seed,
        finder=finder,
        label=config.label,
        features=config.features,
    )


def event_options(config: Config) -> TabularOptions:
    """Return the decoder's options for events: what their label is told from is read, too."""
    options, label = config.decoder, config.label
    assert isinstance(options, TabularOptions), "others are refused"
    categories = tuple(config.features.categories)
    if label.origin == "stream":
        assert label.field is not None
        return options.with_target(label.field).with_cells(categories)
    own = options.model_copy(update={"label": label.field or options.label})
    return own.with_cells(dict.fromkeys((*categories, *([label.id] if label.id else []))))


def label_options(config: Config) -> TabularOptions:
    """Return the decoder's options for records that hold labels."""
    options, label = config.decoder, config.label
    assert isinstance(options, TabularOptions), "others are refused"
    cells = [name for name in (label.id, *(label.where or ())) if name is not None]
    return options.of_labels(label=label.field or options.label).with_cells(dict.fromkeys(cells))


def in_the_stream(config: Config, labels: LabelEncoder) -> InTheStream:
    """Return what finds labels in the stream's future."""
    targets = StreamTargets(config.label, text=number_text(config.decoder), max_keys=config.features.max_keys)
    return InTheStream(targets, labels=labels)


def _in_records(config: Config, labels: LabelEncoder) -> InRecords:
    label = config.label
    joined = JoinedLabels(most=label.max_waiting, horizon_seconds=label.horizon_seconds)
    records = LabelRecords(decoder_of(label_options(config)), topic=label.topic, where=label.where)
    return InRecords(joined, records, options=label, labels=labels)
