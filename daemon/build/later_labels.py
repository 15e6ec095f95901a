"""What labels that come later need of source and decoder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connectors.decoders.csv_options import CsvOptions
from connectors.decoders.tabular_options import TabularOptions
from connectors.files.patterns import GLOB_LETTERS
from connectors.files.source_options import FileEntry, FileSourceOptions, topic_of
from connectors.kafka.source_options import KafkaSourceOptions
from daemon.config.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.errors import KeyPath
    from daemon.config.schema import Config


def require_later_labels(config: Config) -> None:
    """Raise ``ConfigError`` where labels are to come later, and source or decoder cannot bring them."""
    if not config.label.is_later:
        return
    found = [_of_decoder(config), _of_reference(config)]
    if config.label.origin == "topic":
        found.append(_of_source(config))
    problems = [problem for each in found for path, why in each for problem in config.error(path, why).problems]
    if problems:
        raise ConfigError(problems)


def with_label_topic(config: Config) -> Any:
    """Return the source's options, so that it reads the topic of labels too, where there is one.

    One source reads both: the positions of both are in one checkpoint, and ``order: timestamp`` holds for both.
    """
    options: Any = config.source
    topic = config.label.topic
    if topic is None or not isinstance(options, KafkaSourceOptions):
        return options
    return options.with_labels_of(topic)


def _of_decoder(config: Config) -> Iterator[tuple[KeyPath, str]]:
    options: Any = config.decoder
    if not isinstance(options, TabularOptions):
        yield ("decoder", "type"), f"{options.type} has no named fields that a later label could be told by"
    elif isinstance(options, CsvOptions) and config.label.topic is not None:
        why = "lines of CSV have the columns of their topic; tell labels from events by where, or send JSON"
        yield ("label", "topic"), why
    elif config.label.origin == "topic" and config.label.field in (options.features or ()):
        yield ("label", "field"), "it is one of decoder.features too, which gives the answer away"


def _of_reference(config: Config) -> Iterator[tuple[KeyPath, str]]:
    if config.reference is not None and config.label.origin == "stream":
        yield ("reference",), "its rows have no future to tell their labels; leave it out"


def _of_source(config: Config) -> Iterator[tuple[KeyPath, str]]:
    options: Any = config.source
    topic = config.label.topic
    if topic is None:
        return
    if isinstance(options, FileSourceOptions):
        yield from _of_files(options, topic)
    elif not isinstance(options, KafkaSourceOptions):
        yield ("label", "topic"), f"a {options.type} source has no topics; tell labels from events by where"
    elif options.pattern is not None and not re.fullmatch(options.pattern, topic):
        yield ("label", "topic"), f"the source reads topics that match {options.pattern}, and this one does not"
    elif topic in options.topics:
        yield ("label", "topic"), "the source reads it for events; name another topic, or tell labels by where"


def _of_files(options: FileSourceOptions, topic: str) -> Iterator[tuple[KeyPath, str]]:
    given = (options.path,) if isinstance(options.path, str) else options.path
    entries = [FileEntry(path=entry) if isinstance(entry, str) else entry for entry in given]
    topics = [topic_of(entry.path, entry.topic or options.topic) for entry in entries]
    if any(not GLOB_LETTERS.isdisjoint(each) for each in topics):
        return  # which files that are is not known yet
    if topic not in topics:
        why = f"no file of the source is of this topic; name one: path: [events.jsonl, {{path: …, topic: {topic}}}]"
        yield ("label", "topic"), why
    elif set(topics) == {topic}:
        why = "all files of the source are of this topic, and none has events; list those, or tell labels by where"
        yield ("label", "topic"), why
