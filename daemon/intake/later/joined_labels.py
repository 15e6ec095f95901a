"""Labels in records of their own, joined with their events by what both are known by."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daemon.intake.features.key_slots import short_key
from daemon.intake.later.found import Found
from daemon.intake.later.patience import Patience
from daemon.intake.packed_texts import packed, unpacked
from strategies.provenance import UNKNOWN
from strategies.row_holder import key_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from strategies.row_holder import Gone

_GIVEN_UP = float("nan")


class Happening(NamedTuple):
    """An event, or a label: what it is known by, None where it lacks that, its time, and the label's code."""

    identity: bytes | None
    time: float
    label: float | None
    """Class index or number; None of an event that holds no label."""
    is_event: bool
    key: int = UNKNOWN
    """Hash of the record's key, which need not be its identity."""


class _Waiting(NamedTuple):
    name: bytes
    time: float
    """The stream's, when the event came."""
    key: int


class _Early(NamedTuple):
    label: float
    deadline: float
    key: int


class _Settled(NamedTuple):
    label: float
    """That the event was learned with; NaN where it was given up."""
    key: int


class JoinedLabels:
    """Knows which event waits under which identity, which labels wait for theirs, and what was settled lately.

    An identity is of one event. Whatever else comes under it changes nothing that was learned:

    - an event that comes again is answered, does not wait, and is counted as resent;
    - a label for an event that was given up is late; one that says again what was said is a duplicate;
    - one that says otherwise is contradicting where its event was learned; where its event has not come yet, it
      takes the earlier one's place, as corrected;
    - a label whose event does not come within the horizon is unknown.

    Of settled and of early ones as many are known as events may wait.
    """

    def __init__(self, *, most: int, horizon_seconds: float | None) -> None:
        self.patience = Patience(most=most, horizon_seconds=horizon_seconds)
        self._most = most
        self._waiting: dict[bytes, int] = {}
        self._identity_of: dict[int, _Waiting] = {}
        """Of the events that wait, by number."""
        self._early: OrderedDict[bytes, _Early] = OrderedDict()
        self._settled: OrderedDict[bytes, _Settled] = OrderedDict()

    @property
    def early(self) -> int:
        """Labels that wait for their events."""
        return len(self._early)

    def find(self, happenings: Sequence[Happening]) -> Found:
        """Return the labels that have found their events, or were found by them."""
        found, events = Found(), 0
        for happening in happenings:
            name = short_key(happening.identity)
            self.patience.pass_to(happening.time)
            self._give_up_old(found, before=events)
            if happening.is_event:
                self._meet(name, happening, before=events + 1, found=found)
                events += 1
            else:
                self._hear(name, happening, before=events, found=found)
        return found

    def _meet(self, name: bytes | None, event: Happening, *, before: int, found: Found) -> None:
        known = name is not None and (name in self._waiting or name in self._settled)
        number = self.patience.admit(at=event.time, waits=name is not None and not known)
        if name is None:
            found.give_up(number, "unidentified")
        elif known:
            found.give_up(number, "resent")
        else:
            self._waiting[name], self._identity_of[number] = (
                number,
                _Waiting(name, self.patience.seconds, event.key),
            )
            early = self._early.pop(name, None)
            if event.label is not None:
                self._learn(name, event.label, before=before, found=found)
            elif early is not None:
                self._learn(name, early.label, before=before, found=found)
        self._give_up_old(found, before=before - 1)

    def _hear(self, name: bytes | None, label: Happening, *, before: int, found: Found) -> None:
        assert label.label is not None, "a label says something"
        if name is None:
            found.counts["unidentified"] += 1
        elif name in self._waiting:
            self._learn(name, label.label, before=before, found=found)
        elif name in self._settled:
            said = self._settled[name].label
            given_up = said != said  # noqa: PLR0124 - NaN
            found.counts["late" if given_up else "duplicate" if said == label.label else "contradicting"] += 1
        else:
            self._keep_early(name, label.label, key=label.key, found=found)

    def _learn(self, name: bytes, label: float, *, before: int, found: Found) -> None:
        number = self._waiting.pop(name)
        self.patience.settle(number)
        event = self._identity_of.pop(number)
        self._remember(event, label)
        found.hear(number, label, before=before, delay=self.patience.seconds - event.time)

    def _keep_early(self, name: bytes, label: float, *, key: int, found: Found) -> None:
        before = self._early.get(name)
        if before is not None and before.label == label:
            found.counts["duplicate"] += 1
            return
        if before is not None:
            found.counts["corrected"] += 1
        deadline = self.patience.deadline if before is None else before.deadline
        self._early[name] = _Early(label, deadline, key)
        if len(self._early) > self._most:
            self._early.popitem(last=False)
            found.counts["unknown"] += 1

    def _give_up_old(self, found: Found, *, before: int) -> None:
        for number in self.patience.expired():
            event = self._identity_of.pop(number)
            del self._waiting[event.name]
            self._remember(event, _GIVEN_UP)
            found.expire(number, before=before)
        while self._early and next(iter(self._early.values())).deadline < self.patience.now:
            self._early.popitem(last=False)
            found.counts["unknown"] += 1

    def forget(self, gone: Gone, numbers: Collection[int]) -> tuple[list[int], int]:
        """Give up events, and let go early labels and those of settled events: see ``LabelFinder``."""
        names, keys = {short_key(key) for key in gone.keys}, set(map(key_hash, gone.keys))

        def is_gone(name: bytes, key: int) -> bool:
            return key in keys or name in names

        given_up = [n for n, each in self._identity_of.items() if n in numbers or is_gone(each.name, each.key)]
        for number in given_up:
            del self._waiting[self._identity_of.pop(number).name]
            self.patience.settle(number)
        early = [name for name, each in self._early.items() if is_gone(name, each.key)]
        settled = [name for name, each in self._settled.items() if is_gone(name, each.key)]
        for name in early:
            del self._early[name]
        for name in settled:
            del self._settled[name]
        return given_up, len(early) + len(settled)

    def _remember(self, event: _Waiting, label: float) -> None:
        self._settled[event.name] = _Settled(label, event.key)
        if len(self._settled) > self._most:
            self._settled.popitem(last=False)

    def state_dict(self) -> dict[str, Any]:
        """Return who waits, what waits early, and what was settled, the oldest first."""
        numbers = sorted(self._identity_of)
        waiting = [self._identity_of[number] for number in numbers]
        return {
            "patience": self.patience.state_dict(),
            "waiting": {
                "numbers": np.array(numbers, dtype=np.int64),
                "identities": packed([each.name for each in waiting]),
                "times": np.array([each.time for each in waiting], dtype=np.float64),
                "keys": np.array([each.key for each in waiting], dtype=np.int64),
            },
            "early": {
                "identities": packed(list(self._early)),
                "labels": np.array([each[:2] for each in self._early.values()], dtype=np.float64).reshape(-1, 2),
                "keys": np.array([each.key for each in self._early.values()], dtype=np.int64),
            },
            "settled": {
                "identities": packed(list(self._settled)),
                "labels": np.array([each.label for each in self._settled.values()], dtype=np.float64),
                "keys": np.array([each.key for each in self._settled.values()], dtype=np.int64),
            },
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state."""
        self.patience.load_state_dict(state["patience"])
        waiting, early, settled = state["waiting"], state["early"], state["settled"]
        names, times, keys = _names(waiting), np.asarray(waiting["times"]).tolist(), _keys(waiting)
        numbers = np.asarray(waiting["numbers"]).tolist()
        self._waiting = dict(zip(names, numbers, strict=True))
        self._identity_of = dict(zip(numbers, map(_Waiting, names, times, keys), strict=True))
        labels = np.asarray(early["labels"]).tolist()
        self._early = OrderedDict(
            (name, _Early(label, deadline, key))
            for name, (label, deadline), key in zip(_names(early), labels, _keys(early), strict=True)
        )
        labels = np.asarray(settled["labels"]).tolist()
        self._settled = OrderedDict(zip(_names(settled), map(_Settled, labels, _keys(settled)), strict=True))


def _keys(state: Mapping[str, Any]) -> list[int]:
    keys: list[int] = np.asarray(state["keys"]).tolist()
    return keys


def _names(state: Mapping[str, Any]) -> list[bytes]:
    return [name or b"" for name in unpacked(state["identities"])]
