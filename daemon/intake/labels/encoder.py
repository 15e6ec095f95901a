"""How the configured kind of label is encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from daemon.intake.labels.number_labels import encode_numbers
from daemon.intake.labels.options import ClassLabel, NumberLabel
from daemon.intake.labels.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daemon.intake.labels.label_columns import Labels


class LabelEncoder(Protocol):
    """Turns decoded labels into what the learner takes."""

    @property
    def names(self) -> list[str]:
        """Names of the classes by index; empty in regression."""

    def encode(self, values: Sequence[Any]) -> Labels[Any]:
        """Return the labels that can be learned, and why the others cannot."""

    def state_dict(self) -> dict[str, Any]:
        """Return what was learned of the labels."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it contradicts the configuration."""


class NumberEncoder:
    """Numbers need no vocabulary."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def encode(self, values: Sequence[Any]) -> Labels[Any]:
        """Return the finite numbers as float32, and why the others are none."""
        return encode_numbers(values)

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: there is no state."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up nothing."""


def label_encoder(label: ClassLabel | NumberLabel, *, known: Sequence[str] = ()) -> LabelEncoder:
    """Return the encoder of the configured kind of label; an open set of classes begins with those ``known``."""
    if isinstance(label, NumberLabel):
        return NumberEncoder()
    declared = label.classes
    return Vocabulary(declared, limit=label.max_classes if declared is None else len(declared), known=known)
