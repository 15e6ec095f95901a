"""How the configured kind of label is encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from connectors.decoders.number_text import NumberText
from daemon.intake.labels.meant import meaning
from daemon.intake.labels.number_labels import encode_numbers
from daemon.intake.labels.options import ClassLabel, NumberLabel
from daemon.intake.labels.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from daemon.intake.labels.label_columns import Labels
    from strategies.row_holder import Gone


class LabelEncoder(Protocol):
    """Turns decoded labels into what the learner takes."""

    @property
    def names(self) -> list[str]:
        """Names of the classes by index; empty in regression."""

    def encode(self, values: Sequence[Any], *, key: NDArray[np.int64] | None = None) -> Labels[Any]:
        """Return the labels that can be learned, and why the others cannot; ``key`` as in ``Batch``, if known."""

    def forget(self, gone: Gone) -> int:
        """Let the names of classes go that only some keys have brought; return how many."""

    def state_dict(self) -> dict[str, Any]:
        """Return what was learned of the labels."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it contradicts the configuration."""


class NumberEncoder:
    """Numbers need no vocabulary; ``text`` reads those that are written as text."""

    def __init__(self, text: NumberText) -> None:
        self.names: list[str] = []
        self._text = text

    def encode(self, values: Sequence[Any], *, key: NDArray[np.int64] | None = None) -> Labels[Any]:
        """Return the finite numbers as float64, and why the others are none."""
        return encode_numbers(values, text=self._text)

    def forget(self, gone: Gone) -> int:
        """Return 0: numbers have no names."""
        return 0

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: there is no state."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up nothing."""


def label_encoder(
    label: ClassLabel | NumberLabel, *, known: Sequence[str] = (), text: NumberText | None = None
) -> LabelEncoder:
    """Return the encoder of the configured kind of label; an open set of classes begins with those ``known``."""
    if isinstance(label, NumberLabel):
        return NumberEncoder(text or NumberText())
    declared = label.classes
    return Vocabulary(
        declared,
        limit=label.max_classes if declared is None else len(declared),
        max_bytes=label.max_bytes,
        known=known,
        meaning=meaning(trim=label.trim, names=label.map),
    )
