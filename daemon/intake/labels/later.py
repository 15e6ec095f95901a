"""Where a label comes from that is not in its event: from the stream's own future, or from another record."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from daemon.options import Duration, Section, parse_duration

Target = Literal["value", "difference", "sign", "return", "above_median"]
OF_CLASSES: frozenset[str] = frozenset({"sign", "above_median"})
"""Targets that are classes whatever the field holds."""
OF_NUMBERS: frozenset[str] = frozenset({"difference", "return"})

_FOR_STREAM = ("ahead",)
_FOR_TOPIC = ("topic", "where", "id")


def name_of(field: str, *, ahead: int | str, target: str) -> str:
    """Return what a target is called: the field, how far ahead, and what of it.

    >>> name_of("pm25", ahead="24h", target="value"), name_of("price", ahead=1, target="return")
    ('pm25+24h', 'price+1:return')
    """
    of_it = "" if target == "value" else f":{target}"
    return f"{field}+{''.join(str(ahead).split())}{of_it}"


class LaterLabel(Section):
    """Base of the options of a label: where it comes from, and how long an event waits for it."""

    origin: Literal["event", "stream", "topic"] = Field(
        "event",
        alias="from",
        description="Where the label is: in the event; in a later event of the stream, under the same key; or in a"
        " record of its own, on a topic of labels or among the events.",
    )
    field: str | None = Field(
        None,
        description="From the stream: the field whose later value is the target. From a topic: the field of a"
        " label's record that holds the label, by default decoder.label.",
    )
    ahead: Annotated[int, Field(ge=1, le=100_000)] | Annotated[str, Field(pattern=r"^\s*\S+.*$")] | None = Field(
        None,
        description="From the stream: how far ahead the value is, as a number of events of the same key (12), or as"
        " a length of time (1h).",
    )
    target: Target = Field(
        "value",
        alias="as",
        description="From the stream: the later value itself; its difference from the event's own; the sign of that"
        " (down, same, up); the return (later / own - 1); or whether it is above the median of the key's newest"
        " window values as of the event (above, below).",
    )
    window: int = Field(
        24, ge=2, le=10_000, description="With as: above_median, the number of newest values, the own one included."
    )
    topic: str | None = Field(
        None, min_length=1, description="From a topic: its name, read by the same source as the events."
    )
    where: dict[str, str] | None = Field(
        None,
        description="From a topic, in place of its name: the one field that tells labels from events, and its value"
        " in a label's record (kind: label).",
    )
    by: Literal["key", "key_and_time"] = Field(
        "key",
        description="From a topic: what a label and its one event have in common: the key, or key and event time.",
    )
    id: str | None = Field(None, description="From a topic, in place of by: a field that both have.")
    horizon: Duration | None = Field(
        None,
        description="How long an event waits for its label, and a label for its event, by event time; by default as"
        " long as there is room, and twice ahead where that is a length of time.",
    )
    max_waiting: int = Field(
        100_000,
        ge=1,
        le=100_000_000,
        description="Events that may come after one that waits; then it is given up. As many early labels wait.",
    )
    max_waiting_bytes: int = Field(
        256 << 20, ge=1 << 10, description="Memory that waiting events may take; fewer wait where they need more."
    )

    publish_expired: bool = Field(
        False,
        description="Publish, beside the predictions, a record with the outcome expired of each event that was"
        " given up before its label came.",
    )

    @property
    def is_later(self) -> bool:
        """Whether a label comes later than its event."""
        return self.origin != "event"

    @property
    def name(self) -> str:
        """What is predicted of the stream's future, in a word: see ``name_of``."""
        assert self.field is not None, "it is from the stream"
        assert self.ahead is not None, "for the same reason"
        return name_of(self.field, ahead=self.ahead, target=self.target)

    @property
    def ahead_events(self) -> int | None:
        """How many events ahead the target is; None where that is told by time."""
        return self.ahead if isinstance(self.ahead, int) else None

    @property
    def ahead_seconds(self) -> float | None:
        """How many seconds ahead the target is; None where that is told by events."""
        return float(parse_duration(self.ahead)) if isinstance(self.ahead, str) else None

    @property
    def horizon_seconds(self) -> float | None:
        """How long an event waits; None where there is no limit by time."""
        ahead = self.ahead_seconds
        return 2 * ahead if self.horizon is None and ahead is not None else self.horizon

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        self._require_only_its_own()
        if self.origin == "stream":
            self._require_a_target()
        if self.origin == "topic":
            self._require_a_join()
        return self

    def _require_only_its_own(self) -> None:
        for origin, names in (("stream", _FOR_STREAM), ("topic", _FOR_TOPIC)):
            given = [name for name in names if getattr(self, name) is not None]
            if given and self.origin != origin:
                raise ValueError(f"{given[0]} belongs to from: {origin}; leave it out, or say from: {origin}")
        if self.publish_expired and self.origin == "event":
            raise ValueError("publish_expired belongs to labels that come later; leave it out, or say from")
        if self.target != "value" and self.origin != "stream":
            raise ValueError("as belongs to from: stream; leave it out, or say from: stream")

    def _require_a_target(self) -> None:
        if self.field is None or self.ahead is None:
            raise ValueError("from: stream needs field, whose later value is the target, and ahead (12, or 1h)")
        seconds = self.ahead_seconds
        if seconds is not None and not seconds > 0:
            raise ValueError(f"ahead is {self.ahead}; a target lies in the future, such as 1h ahead")
        if seconds is not None and self.horizon is not None and self.horizon < seconds:
            raise ValueError("horizon is shorter than ahead, so every event would be given up before its label")

    def _require_a_join(self) -> None:
        if (self.topic is None) == (self.where is None):
            raise ValueError(
                "from: topic needs either topic, the name of the topic of labels, or where, the field that tells"
                " labels from events on one topic"
            )
        if self.where is not None and len(self.where) != 1:
            raise ValueError("where names one field and its value, such as kind: label")
        if self.id is not None and self.by != "key":
            raise ValueError("give either id or by")
