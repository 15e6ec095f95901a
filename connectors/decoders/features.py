"""Which fields are the features of a stream of named fields: as listed, or as its first events show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.decoders.envelope import RejectedError
from connectors.decoders.field_survey import NO_NUMBERS, FieldSurvey
from connectors.name_length import MAX_NAME_BYTES, is_too_long
from connectors.printable import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from connectors.decoders.field_survey import Kind
    from connectors.decoders.tabular_options import TabularOptions

    Described = Iterable[tuple[str, Kind]]

MAX_INFERRED_FIELDS = 4_096
MOST_FIELDS = 16_384
"""Of an event that is looked at for features: one of a hundred thousand would hold up the loop for a second."""
LATER = (
    "holds numbers in later events and held none in the first ones; to take it, list decoder.features, in an empty"
    " checkpoint directory"
)
TOO_LONG = f"its name has more than {MAX_NAME_BYTES} bytes; to take it, list it in decoder.features"
_MOST_LEFT_OUT = 256
_MOST_SHAPES = 1_024
"""Of events, by the names of their fields; where there are more, the last of some events is looked at alone."""


class Features:
    """Decides once which fields are taken, and notices what later events have besides.

    ``names`` is None until then.
    """

    def __init__(self, options: TabularOptions) -> None:
        self._options = options
        self.names: tuple[str, ...] | None = options.features
        self._left_out: dict[str, str] = {}
        self._later: dict[str, str] = {}
        """Of this process, and no part of the state: which events are looked at depends on how they come."""
        self._shapes: set[int] = set()
        """By their hashes: the names may be long."""

    @property
    def left_out(self) -> dict[str, str]:
        """Fields that are none, and why."""
        return self._left_out | self._later

    def decide(self, events: Iterable[Described]) -> None:
        """Take the features that these events have; raise ``RejectedError`` where there are none, or too many."""
        options = self._options
        survey = FieldSurvey(texts_count=options.numbers == "text")
        left: dict[str, str] = {}
        wide = 0
        for described in events:
            fields = list(self._named_shortly(described, left))
            if len(fields) > MOST_FIELDS:
                wide = max(wide, len(fields))
            else:
                survey.add(fields)
        if wide and not survey.events:
            raise RejectedError("features", "wrong_type", f"The event has {wide} fields; list decoder.features.")
        found = survey.decide(gaps_are_filled=options.missing != "reject", named=options.no_features)
        if not found.taken and not options.cells:
            raise RejectedError("features", "missing_field", "The event has no numeric field to use as a feature.")
        if len(found.taken) > MAX_INFERRED_FIELDS:
            raise RejectedError(
                "features",
                "wrong_type",
                f"The event has {len(found.taken)} numeric fields, over {MAX_INFERRED_FIELDS};"
                " list decoder.features.",
            )
        self.names = found.taken
        self._left_out = dict(list({**found.left, **left}.items())[:_MOST_LEFT_OUT])

    def _named_shortly(self, described: Described, left: dict[str, str]) -> Described:
        """Yield the fields whose name is short, or is in an option; note the others in ``left``."""
        for name, kind in described:
            if not is_too_long(name, MAX_NAME_BYTES) or name in self._options.no_features:
                yield name, kind
            elif len(left) < _MOST_LEFT_OUT:
                left[quoted(name)] = TOO_LONG

    def notice(
        self, events: Sequence[Any], describe: Callable[[Any], Described], *, shape: Callable[[Any], Any] = tuple
    ) -> None:
        """Look for numbers that are no feature, where fields were inferred: in the last event, and in new shapes.

        ``shape`` returns the names of an event's fields, as a tuple.
        """
        if self._options.features is not None or self.names is None or not events:
            return
        self._look(describe(events[-1]))
        if len(self._shapes) >= _MOST_SHAPES:
            return
        for names, event in dict(zip(map(shape, events), events, strict=True)).items():
            if hash(names) not in self._shapes:
                self._shapes.add(hash(names))
                self._look(describe(event))

    def _look(self, described: Described) -> None:
        for name, kind in described:
            if self._is_number(kind) and self._is_new(name) and not is_too_long(name, MAX_NAME_BYTES):
                self._later[name] = LATER

    def _is_number(self, kind: Kind) -> bool:
        return kind == "number" or (kind == "number as text" and self._options.numbers == "text")

    def _is_new(self, name: str) -> bool:
        if name in (self.names or ()) or name in self._options.no_features or name in self._later:
            return False
        if name in self._left_out:
            return self._left_out[name] in NO_NUMBERS
        return len(self._later) < _MOST_LEFT_OUT

    def state_dict(self) -> dict[str, Any]:
        """Return the features and what was left out."""
        return {"fields": None if self.names is None else list(self.names), "left_out": dict(self._left_out)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state; raise ``ValueError`` where it belongs to other features than are configured."""
        saved, wanted = state["fields"], self._options.features
        if wanted is not None and saved is not None and tuple(saved) != wanted:
            raise ValueError(
                f"decoder.features: the checkpoint was made with {list(saved)}, the configuration names "
                f"{list(wanted)}; restore the old list or start with an empty checkpoint directory"
            )
        self.names = wanted if saved is None else tuple(saved)
        self._left_out = dict(state["left_out"])
