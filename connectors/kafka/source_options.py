"""The options of the Kafka source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, NamedTuple, Self

from kafka import KafkaConsumer
from pydantic import Field, PrivateAttr, field_validator, model_validator

from connectors.kafka.librdkafka.client_options import CONSUMER
from connectors.kafka.options import KafkaOptions
from connectors.kafka.positions import GroupOffsetsPolicy, LostOffsetPolicy, RecreatedTopicPolicy
from connectors.kafka.whole_topics import WholeTopics

OUR_DEFAULTS = {"reconnect_backoff_max_ms": 10_000, "metrics_enabled": False}


ORDERED_WAIT_MS = 50


class KafkaPythonAlone(NamedTuple):
    """An option, or a word for it, that librdkafka cannot do."""

    name: str
    word: str | None
    why: str

    def refuse(self, options: KafkaSourceOptions) -> None:
        """Raise ``ValueError`` where the options have it."""
        given = (
            self.name in options.model_fields_set if self.word is None else getattr(options, self.name) == self.word
        )
        if given:
            what = self.name if self.word is None else f"{self.name}: {self.word}"
            raise ValueError(f"{what} needs client: kafka-python; {self.why}")


KAFKA_PYTHON_ALONE = (
    KafkaPythonAlone("mode", "subscribe", "librdkafka is used for fixed partitions only"),
    KafkaPythonAlone("on_unreadable", "skip", "librdkafka hands nobody the bytes of a batch that it cannot read"),
    KafkaPythonAlone("max_batch_bytes", None, "librdkafka opens compressed batches itself, whatever their size"),
)


class KafkaSourceOptions(KafkaOptions):
    """Records of Kafka topics, and what to do when offsets, topics or brokers are missing."""

    CLIENT_DEFAULTS: ClassVar[Mapping[str, Any]] = KafkaConsumer.DEFAULT_CONFIG
    LIBRDKAFKA: ClassVar[Mapping[str, Any]] = CONSUMER

    type: Literal["kafka"] = "kafka"
    topics: tuple[str, ...] = Field((), description="Topics to read.")
    pattern: str | None = Field(
        None, description="Instead of topics: a regular expression that must match the whole name of a topic."
    )
    mode: Literal["assign", "subscribe"] = Field(
        "assign",
        description=(
            "assign: read all partitions, or those listed in partitions; subscribe: share the partitions with the "
            "other members of the group."
        ),
    )
    partitions: tuple[int, ...] | None = Field(
        None, description="In assign mode, the numbers of the partitions to read of each topic; all by default."
    )
    group: str | None = Field(
        None,
        description=(
            "Consumer group to commit checkpointed offsets to, and in subscribe mode to share the partitions with; "
            "none by default."
        ),
    )
    group_instance_id: str | None = Field(
        None, description="In subscribe mode, static membership (KIP-345): a quick restart causes no rebalance."
    )
    start: Literal["earliest", "latest"] | datetime = Field(
        "earliest",
        description="Where to start without a stored offset: earliest, latest, or a time (UTC).",
    )
    on_group_offsets: GroupOffsetsPolicy = Field(
        "fail",
        description=(
            "When the group has offsets that this model did not commit, beyond the checkpoint or where there is "
            "none: fail; ignore them and let them follow this model; or take them in place of start. A "
            "checkpoint's position is never left for them."
        ),
    )
    on_forgotten: Literal["fail", "pass"] = Field(
        "fail",
        description=(
            "In subscribe mode, when this model has forgotten events (a rollback, a damaged generation, a restored "
            "backup) that it had learned before it handed their partition to others, who go on behind them: fail, "
            "or pass them, so that nobody learns them."
        ),
    )
    order: Literal["arrival", "timestamp"] = Field(
        "arrival",
        description=(
            "In which order records of several partitions are taken: as they arrive; or by timestamp, then "
            "partition, then offset, which does not depend on the network."
        ),
    )
    idle_seconds: float = Field(
        5.0,
        ge=0,
        description=(
            "With order: timestamp, how long a partition that has been read to its end is waited for before "
            "records of the others are taken."
        ),
    )
    on_lost_offset: LostOffsetPolicy = Field(
        "fail",
        description=(
            "When the next offset is not in the log (deleted by retention, or the log was truncated): fail, or "
            "continue at the earliest or latest offset."
        ),
    )
    on_recreated_topic: RecreatedTopicPolicy = Field(
        "fail",
        description="When a topic was deleted and created again: fail, or accept it and read it from its start.",
    )
    on_unreadable: Literal["stop", "skip"] = Field(
        "stop",
        description=(
            "When a batch of the log is damaged: stop reading its partition and exit with 65 after "
            "stall_exit_seconds; or skip it, its bytes going to the dead letters. Other partitions are read on."
        ),
    )
    max_batch_bytes: int = Field(
        64 * 1024 * 1024,
        ge=1024 * 1024,
        le=1 << 30,
        description=(
            "Maximum size in bytes that a compressed batch of the log may open to; a larger one, which a few "
            "kilobytes can be, is a dead letter as a whole, with its bytes as they came."
        ),
    )
    isolation: Literal["read_committed", "read_uncommitted"] = Field(
        "read_committed",
        description="read_committed leaves out records of open and aborted transactions.",
    )
    max_poll_records: int = Field(8_192, ge=1, description="Maximum records per poll of kafka-python's client.")
    topics_seconds: float = Field(
        30.0, gt=0, description="Interval between checks for new topics, new partitions and recreated topics."
    )
    commit_seconds: float = Field(2.0, gt=0, description="Timeout of a commit to the group, which blocks the loop.")
    stall_seconds: float = Field(
        60.0, gt=0, description="Seek again when a partition makes no progress for this long while its log grows."
    )
    stall_exit_seconds: float = Field(
        300.0,
        gt=0,
        description="Exit with 69 when a partition makes no progress for this long while its log grows.",
    )
    give_up_seconds: float | None = Field(
        None,
        gt=0,
        description="Exit with 69 when a broker, topic or partition is missing for this long; never by default.",
    )

    _whole: frozenset[str] = PrivateAttr(frozenset())

    @property
    def whole_topics(self) -> frozenset[str]:
        """In subscribe mode, the topics that each member reads whole, to positions of its own."""
        return self._whole

    def with_labels_of(self, topic: str) -> Self:
        """Return options to read a topic of labels, too; in subscribe mode each member reads all of it."""
        topics = self.topics if self.pattern is not None else tuple(dict.fromkeys((*self.topics, topic)))
        copy = self.model_copy(update={"topics": topics})
        if self.mode == "subscribe":
            copy._whole = frozenset({topic})  # noqa: SLF001  # a copy's of the same class
        return copy

    @field_validator("start")
    @classmethod
    def _in_utc(cls, start: str | datetime) -> str | datetime:
        return start.replace(tzinfo=UTC) if isinstance(start, datetime) and start.tzinfo is None else start

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return pattern

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if bool(self.topics) == bool(self.pattern):
            raise ValueError("give either topics, a list of names, or pattern, a regular expression")
        if self.mode == "subscribe" and not self.group:
            raise ValueError(
                "mode: subscribe needs group, the name of the consumer group to share the partitions in"
            )
        if self.mode == "subscribe" and self.partitions is not None:
            raise ValueError("partitions belongs to mode: assign; in mode: subscribe the group decides")
        if self.mode == "assign" and self.group_instance_id:
            raise ValueError("group_instance_id belongs to mode: subscribe")
        return self

    @model_validator(mode="after")
    def _library_can(self) -> Self:
        if self.library == "librdkafka":
            for option in KAFKA_PYTHON_ALONE:
                option.refuse(self)
        return self

    def consumer_config(self) -> dict[str, Any]:
        """Return all of kafka-python's options for this source. Raises OSError as ``client_config`` does."""
        client = self.client_config()
        if self._whole:
            sharing = client.get(
                "partition_assignment_strategy", KafkaConsumer.DEFAULT_CONFIG["partition_assignment_strategy"]
            )
            client["partition_assignment_strategy"] = [WholeTopics(each(), self._whole) for each in sharing]
        return (
            OUR_DEFAULTS
            | client
            | {
                "group_id": self.group,
                "group_instance_id": self.group_instance_id,
                "isolation_level": self.isolation,
                "enable_auto_commit": False,
                "auto_offset_reset": "none",
                "allow_auto_create_topics": False,
                "max_poll_records": self.max_poll_records,
            }
        )

    def log_client_configs(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what librdkafka's consumer and its admin client take. Raises OSError as ``client_config`` does."""
        consumer, admin = self.reading_configs(group=self.group, isolation=self.isolation)
        # A partition that has run ahead is paused, and what was fetched of it dropped. When it is its turn again,
        # the question for it waits until the one before is answered, of partitions that may have nothing new.
        ordered = {"fetch.wait.max.ms": ORDERED_WAIT_MS} if self.order == "timestamp" else {}
        return ordered | consumer, admin
