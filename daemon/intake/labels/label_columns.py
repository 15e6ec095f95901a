"""What becomes of a column of labels: the values that can be learned, and why the others cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np

from daemon.intake.labels.options import ClassLabel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from connectors.decoder import RejectReason
    from daemon.intake.labels.options import NumberLabel

Value = TypeVar("Value", np.int64, np.float64)


class LabelFault(NamedTuple):
    """Why one row's label cannot be learned: the makings of a ``Reject`` at stage "label"."""

    row: int
    reason: RejectReason
    message: str


class Labels(NamedTuple, Generic[Value]):
    """The labels of some rows: ``values (accepted rows,)``, ``accepted (rows,) bool``, and the others' faults."""

    values: NDArray[Value]
    accepted: NDArray[np.bool_]
    faults: list[LabelFault]


def label_width(label: ClassLabel | NumberLabel) -> int:
    """Return how many columns one label takes as a feature: 1 for a number or two classes, else one per class."""
    outputs = _outputs(label)
    return 1 if outputs <= 2 else outputs  # noqa: PLR2004  # two classes, as the docstring says


def label_columns(values: NDArray[Value], label: ClassLabel | NumberLabel) -> NDArray[np.float64]:
    """Return labels as ``(rows, label_width) float64``.

    Numbers are taken as they are, the indices of two classes as -1 and 1, those of more classes as one-hot.

    >>> label_columns(np.array([0, 1]), ClassLabel(max_classes=2)).tolist()
    [[-1.0], [1.0]]
    """
    if not isinstance(label, ClassLabel):
        return values.astype(np.float64)[:, np.newaxis]
    width = label_width(label)
    if width == 1:
        return (2.0 * values.astype(np.float64) - 1.0)[:, np.newaxis]
    columns = np.zeros((len(values), width))
    columns[np.arange(len(values)), values] = 1.0
    return columns


def _outputs(label: ClassLabel | NumberLabel) -> int:
    if not isinstance(label, ClassLabel):
        return 1
    return len(label.classes) if label.classes else label.max_classes
