"""From a configuration to where events are put back to: the topics of its source, or a file that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.files.put_back import FilePutBack
from connectors.files.source_options import FileSourceOptions
from connectors.kafka.put_back import KafkaPutBack
from connectors.kafka.sink_options import KafkaDeadLettersOptions
from connectors.kafka.source_options import KafkaSourceOptions
from connectors.put_back import PutBackError
from daemon.build.later_labels import with_label_topic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from connectors.put_back import PutBack
    from daemon.config.schema import Config


def build_target(
    config: Config, *, to: Path | None, journal_id: str, heading: Mapping[str, Sequence[str]]
) -> PutBack:
    """Return where dead letters are put back to; raise ``PutBackError`` where they can't be."""
    source: Any = with_label_topic(config)
    if isinstance(source, KafkaSourceOptions):
        if to is not None:
            raise PutBackError("--to is for a source of files; here events go back into their own topics")
        return _topics(config.dead_letters, source, journal_id)
    if isinstance(source, FileSourceOptions):
        if to is None:
            raise PutBackError(
                "name with --to a new file that source.path matches and that is of the events' topic, which is its"
                " name up to the first dot: --to data/plant.again-1.jsonl"
            )
        return _file(config, source, to, heading)
    raise PutBackError(f"a source of type {source.type} takes no events: there is nowhere to put them back")


def _topics(letters: Any, source: KafkaSourceOptions, journal_id: str) -> PutBack:
    of_source = source.topics[0] if source.topics else source.group or "pattern"
    if not isinstance(letters, KafkaDeadLettersOptions):
        return KafkaPutBack(source, name=f"retaind-put-back-{of_source}-{journal_id}", letters=None)
    same_brokers = _servers(letters.bootstrap_servers) == _servers(source.bootstrap_servers)
    name = f"retaind-put-back-{of_source}-{letters.topic}"
    return KafkaPutBack(source, name=name, letters=letters.topic if same_brokers else None)


def _file(config: Config, source: FileSourceOptions, to: Path, heading: Mapping[str, Sequence[str]]) -> PutBack:
    target = FilePutBack(source, to)
    columns = heading.get(target.topic, heading.get("", ()))
    delimiter = getattr(config.decoder, "delimiter", ",")
    return FilePutBack(source, to, heading=delimiter.join(columns).encode()) if columns else target


def _servers(servers: str | tuple[str, ...]) -> set[str]:
    listed = servers.split(",") if isinstance(servers, str) else servers
    return {each.strip() for each in listed}
