"""Labels out of the stream's own future: a field's later value under the same key."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from connectors.decoders.number_text import NumberText
from daemon.intake.features.key_slots import short_key
from daemon.intake.labels.number_labels import encode_numbers
from daemon.intake.labels.options import ClassLabel
from daemon.intake.later.found import Found
from daemon.intake.later.patience import Patience
from daemon.intake.packed_texts import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from connectors.decoder import Rows
    from daemon.intake.labels.options import NumberLabel
    from strategies.row_holder import Gone

_NOTHING = math.nan


class _Waiting(NamedTuple):
    """An event of a key: its number, what its target is told from, and its time."""

    number: int
    reference: float
    time: float
    waits: bool
    """Whether it may have a target; else it is counted as an event of its key and no more."""


@dataclass(slots=True)
class _Key:
    """The events of a key that the next ones may label, oldest first, and its newest values."""

    waiting: deque[_Waiting] = field(default_factory=deque)
    newest: deque[float] = field(default_factory=deque)
    ordered: list[float] = field(default_factory=list)
    """The same, in ascending order."""


class StreamTargets:
    """Finds for every event the value of a field that comes ``ahead`` events later, or the first so much later.

    The target is told from what the event itself knows: the field's value then, or its median until then. Of an
    event whose own value is missing where that is needed, the target is undefined; so it is where the event so many
    later has no value. The first event so much later with a value counts where ahead is a length of time. Of the
    ``max_keys`` keys seen last the past is known; what waits of others is given up.
    """

    def __init__(
        self, options: ClassLabel | NumberLabel, *, text: NumberText | None = None, max_keys: int = 10_000
    ) -> None:
        self._options = options
        self._as_it_is = isinstance(options, ClassLabel) and options.target == "value"
        self._text = text or NumberText()
        self._max_keys = max_keys
        self._ahead_events = options.ahead_events
        self._ahead_seconds = options.ahead_seconds or 0.0
        self._horizon = options.horizon_seconds or math.inf
        self.patience = Patience(most=options.max_waiting, horizon_seconds=options.horizon_seconds)
        self._keys: OrderedDict[bytes | None, _Key] = OrderedDict()

    def like_labels(self, rows: Rows) -> np.ndarray[Any, np.dtype[np.float64]] | None:
        """Return numbers ``(rows,)`` that lie where the labels will."""
        if self._options.target != "value" or self._as_it_is:
            return np.zeros(len(rows))
        return self._numbers(rows.label)

    def find(self, rows: Rows) -> Found:
        """Return the labels that rows have brought to those before them."""
        found = Found()
        numbers = self._numbers(rows.label)
        columns = zip(rows.key, rows.label, numbers.tolist(), rows.time.tolist(), strict=True)
        for row, (key, value, number, time) in enumerate(columns):
            known = (value if value not in (None, "") else None) if self._as_it_is else number
            self._meet(self._of(short_key(key), row, found), known, number, time=time, row=row, found=found)
        return found

    def _numbers(self, values: Sequence[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return values ``(rows,)``, NaN where one is no number."""
        encoded = encode_numbers(values, text=self._text)
        numbers = np.full(len(values), _NOTHING)
        numbers[encoded.accepted] = encoded.values
        return numbers

    def _meet(self, key: _Key, value: Any, number: float, *, time: float, row: int, found: Found) -> None:
        self.patience.pass_to(time)
        self._label(key, value, time=time, row=row, found=found)
        self._remember(key, number)
        reference = self._reference(key, number)
        waits = self._may_have_a_target(reference, time)
        mine = self.patience.admit(at=time, waits=waits)
        if waits or self._ahead_events is not None:
            key.waiting.append(_Waiting(mine, reference, time, waits))
        if not waits:
            found.give_up(mine, "undefined")
        for gone in self.patience.expired():
            found.expire(gone, before=row)

    def _label(self, key: _Key, value: Any, *, time: float, row: int, found: Found) -> None:
        """Give the value to those whose target it is."""
        waiting = key.waiting
        if self._ahead_events is not None:
            if len(waiting) >= self._ahead_events:
                self._settle(key, value, time=time, row=row, found=found)
            return
        if _is_none(value):
            return
        while waiting and waiting[0].time + self._ahead_seconds <= time:
            self._settle(key, value, time=time, row=row, found=found)

    def _settle(self, key: _Key, value: Any, *, time: float, row: int, found: Found) -> None:
        """Give the value to the key's oldest event."""
        overlap, event = len(key.waiting), key.waiting.popleft()
        if not event.waits or not self.patience.settle(event.number):
            return
        if time - event.time > self._horizon:
            found.expire(event.number, before=row)
            return
        target = None if _is_none(value) else self._target(value, event.reference)
        if target is None:
            found.give_up(event.number, "undefined")
        else:
            found.hear(event.number, target, before=row, delay=max(0.0, time - event.time), overlap=overlap)

    def _target(self, value: Any, reference: float) -> Any:
        """Return what the label of an event is whose later value this is; None where there is none."""
        match self._options.target:
            case "value":
                return value
            case "difference":
                return value - reference
            case "return":
                return value / reference - 1.0
            case "sign":
                return "up" if value > reference else "down" if value < reference else "same"
            case "above_median":
                return "above" if value > reference else "below"

    def _remember(self, key: _Key, number: float) -> None:
        if self._options.target != "above_median" or math.isnan(number):
            return
        if len(key.newest) == self._options.window:
            del key.ordered[bisect_left(key.ordered, key.newest.popleft())]
        key.newest.append(number)
        insort(key.ordered, number)

    def _reference(self, key: _Key, number: float) -> float:
        """Return what the target of an event with this value is told from."""
        if self._options.target == "value":
            return 0.0
        if self._options.target != "above_median":
            return number
        values = key.ordered
        if not values:
            return _NOTHING
        return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2

    def _may_have_a_target(self, reference: float, time: float) -> bool:
        timeless = self._ahead_events is None and math.isnan(time)
        nothing = math.isnan(reference) or (self._options.target == "return" and reference == 0.0)
        return not timeless and not nothing

    def _of(self, name: bytes | None, row: int, found: Found) -> _Key:
        """Return what is known of a key; the one unseen for longest gives way."""
        if name in self._keys:
            self._keys.move_to_end(name)
            return self._keys[name]
        if len(self._keys) >= self._max_keys:
            _, forgotten = self._keys.popitem(last=False)
            for event in forgotten.waiting:
                if event.waits and self.patience.settle(event.number):
                    found.expire(event.number, before=row)
        self._keys[name] = _Key()
        return self._keys[name]

    def forget(self, gone: Gone, numbers: Collection[int]) -> tuple[list[int], int]:
        """Give up events, and let go the newest values of keys: see ``LabelFinder``."""
        names, given_up, values = {short_key(key) for key in gone.keys}, list[int](), 0
        for name, key in list(self._keys.items()):
            leaves = [name in names or event.number in numbers for event in key.waiting]
            given_up += [
                event.number
                for event, leave in zip(key.waiting, leaves, strict=True)
                if leave and event.waits and self.patience.settle(event.number)
            ]
            key.waiting = deque(each for each, leave in zip(key.waiting, leaves, strict=True) if not leave)
            if name in names:
                values += len(self._keys.pop(name).newest)
        return given_up, values

    def state_dict(self) -> dict[str, Any]:
        """Return who waits, and the newest values of every key, the longest unseen first."""
        keys = list(self._keys.values())
        events = [event for key in keys for event in key.waiting]
        return {
            "target": [self._options.target, self._options.field, self._options.ahead],
            "patience": self.patience.state_dict(),
            "keys": packed(list(self._keys)),
            "events": np.array([[event.number, event.waits] for event in events], dtype=np.int64).reshape(-1, 2),
            "known": np.array([[event.reference, event.time] for event in events], dtype=np.float64).reshape(-1, 2),
            "event_counts": np.array([len(key.waiting) for key in keys], dtype=np.int64),
            "newest": np.array([value for key in keys for value in key.newest], dtype=np.float64),
            "newest_counts": np.array([len(key.newest) for key in keys], dtype=np.int64),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of another target."""
        target = [self._options.target, self._options.field, self._options.ahead]
        if list(state["target"]) != target:
            raise ValueError(
                f"events wait for the label {state['target']}, the configuration declares {target} (as, field,"
                " ahead)"
            )
        self.patience.load_state_dict(state["patience"])
        numbers, known = np.asarray(state["events"]).tolist(), np.asarray(state["known"]).tolist()
        events = iter(
            [_Waiting(one[0], two[0], two[1], bool(one[1])) for one, two in zip(numbers, known, strict=True)]
        )
        values = iter(np.asarray(state["newest"]).tolist())
        counts = zip(state["event_counts"].tolist(), state["newest_counts"].tolist(), strict=True)
        self._keys = OrderedDict()
        for name, (waiting, newest) in zip(unpacked(state["keys"]), counts, strict=True):
            own = deque(next(events) for _ in range(waiting))
            latest = deque(next(values) for _ in range(newest))
            self._keys[name] = _Key(own, latest, sorted(latest))


def _is_none(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
