"""Class labels as numbers: which name has which index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.decoders.identities import untyped_name
from connectors.name_length import MAX_NAME_BYTES, is_too_long, too_long
from connectors.printable import printable, quoted
from daemon.intake.bringers import Bringers, without
from daemon.intake.labels.class_name import alike, class_name
from daemon.intake.labels.label_columns import LabelFault, Labels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from strategies.row_holder import Gone

SHOWN = 10
_SHORT = 24
_TEXT, _WHOLE = {str}, {int}


class Vocabulary:
    """Gives every class name an index: the declared names in their order, or each new name the next index.

    A closed set knows the declared names only. An open set (``declared`` is None) takes new names, in the order
    of the stream, until there are ``limit``; those ``known`` before come first. A new one has at most
    ``max_bytes``.

    >>> vocabulary = Vocabulary(None, limit=2)
    >>> vocabulary.encode(["up", "down", "sideways", "up"]).values
    array([0, 1, 0])
    """

    def __init__(
        self,
        declared: Sequence[str] | None,
        *,
        limit: int,
        max_bytes: int = MAX_NAME_BYTES,
        known: Sequence[str] = (),
        meaning: Callable[[Any], Any] | None = None,
    ) -> None:
        assert declared is None or len(set(declared)) == len(declared) <= limit
        self._meaning = meaning
        # A format without types writes 7.0 where 7 is meant, and so may the declared names.
        self._spelled = {untyped_name(name): name for name in reversed(declared or ())}
        self._open = declared is None
        self._limit = limit
        self._max_bytes = max_bytes
        self._index = {name: index for index, name in enumerate(known if declared is None else declared)}
        self._bringers = Bringers()
        self._bringers.note(np.arange(len(self._index)), key=None, names=len(self._index))

    @property
    def names(self) -> list[str]:
        """The names known so far; a name's place is its index."""
        return list(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def encode(self, values: Sequence[Any], *, key: NDArray[np.int64] | None = None) -> Labels[np.int64]:
        """Return the class index of every value that has one, and why the others have none.

        ``key`` are hashes of the keys of the rows ``(rows,)``, None where nobody can say.

        None and "" are a missing_label, NaN and infinities not_finite, nested values wrong_type, and a name that
        is not declared, or does not fit any more, unknown_class; a new name that is too long is too_large.
        """
        if self._meaning is not None:
            values = [self._meaning(value) for value in values]
        found = self._known(values)
        labels = (
            self._one_by_one(values) if found is None else Labels(found, np.ones(len(found), dtype=np.bool_), [])
        )
        self._bringers.note(
            labels.values, key=None if key is None else key[labels.accepted], names=len(self._index)
        )
        return labels

    def forget(self, gone: Gone) -> int:
        """Let the names go that only these keys have brought, and keep their indices; return how many."""
        places = self._bringers.take(gone) if self._open else []
        self._index = without(self._index, places)
        return len(places)

    def _known(self, values: Sequence[Any]) -> NDArray[np.int64] | None:
        """Return the indices where all values are text or whole numbers and known, which they nearly always are."""
        kinds = set(map(type, values))
        if kinds == _WHOLE:
            values = [str(value) for value in values]
        elif kinds != _TEXT:
            return None
        try:
            return np.array([self._index[value] for value in values], dtype=np.int64)
        except KeyError:
            return None

    def _one_by_one(self, values: Sequence[Any]) -> Labels[np.int64]:
        codes, faults = [], []
        for row, value in enumerate(values):
            code = self._code(row, value)
            if isinstance(code, LabelFault):
                faults.append(code)
            else:
                codes.append(code)
        accepted = np.ones(len(values), dtype=np.bool_)
        accepted[[fault.row for fault in faults]] = False
        return Labels(np.array(codes, dtype=np.int64), accepted, faults)

    def _code(self, row: int, value: Any) -> int | LabelFault:
        if value is None or value == "":
            return LabelFault(row, "missing_label", "The label is absent, null or empty.")
        name = class_name(value)
        if name is None:
            return _not_a_class(row, value)
        if name not in self._index:
            name = self._spelled.get(name, name)
        if name not in self._index:
            if is_too_long(name, self._max_bytes):
                why = too_long("class", name, self._max_bytes, option="label.max_bytes")
                return LabelFault(row, "too_large", why)
            if not self._open or len(self._index) >= self._limit:
                return LabelFault(row, "unknown_class", self._refusal(name))
            self._index[name] = len(self._index)
        return self._index[name]

    def _refusal(self, name: str) -> str:
        known = ", ".join(map(_short, list(self._index)[:SHOWN])) + (", …" if len(self._index) > SHOWN else "")
        remedy = "raise label.max_classes" if self._open else "add it to label.classes"
        like = alike(name)
        twin = next((known for known in self._index if alike(known) == like), None)
        if twin is not None:
            trims = "set label.trim: true, or name it in label.map"
            remedy = f"it differs from {quoted(twin)} only in spaces or case: {trims}"
        return f"The class {quoted(name)} is not one of the {len(self._index)} known ({known}); {remedy}."

    def state_dict(self) -> dict[str, Any]:
        """Return the names, in the order of their indices, and who alone has brought each."""
        return {"names": self.names, "whose": self._bringers.state(len(self._index))}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up saved names; raise ``ValueError`` where they contradict the declared ones or the limit."""
        names = list(state["names"])
        if not self._open and names != self.names:
            raise ValueError(
                f"the saved state has the classes {names}, but label.classes declares {self.names}; "
                "restore the old list or start with an empty state directory"
            )
        if len(names) > self._limit:
            raise ValueError(
                f"the saved state has {len(names)} classes, more than label.max_classes = {self._limit}; "
                "raise it or start with an empty state directory"
            )
        self._index = {name: index for index, name in enumerate(names)}
        self._bringers.load(state["whose"])


def _short(name: str) -> str:
    return printable(name if len(name) <= _SHORT else f"{name[: _SHORT - 1]}…")


def _not_a_class(row: int, value: Any) -> LabelFault:
    if isinstance(value, float):
        return LabelFault(row, "not_finite", "The label is NaN or an infinity.")
    return LabelFault(row, "wrong_type", f"The label is a {type(value).__name__}; expected text or a number.")
