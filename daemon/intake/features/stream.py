"""Stream features: each event's fields, and what the events before it add to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.intake.features.field_names import check_field_names
from daemon.intake.features.history import History, KnownLabels
from daemon.intake.features.parts import Current
from daemon.intake.features.plan import plan, remembered_fields, remembered_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from daemon.intake.features.key_slots import KeySlots
    from daemon.intake.features.options import FeaturesSection
    from strategies.row_holder import Gone

    Floats = NDArray[np.float64]


class StreamFeatures:
    """Computes the declared features, row after row, with a history for the stream or for each key.

    The result has the same bits however the rows are grouped into calls. A row's features depend on its own
    fields, its own time and the rows before it; of labels, on those of the rows before it alone.

    >>> from daemon.intake.features.options import FeaturesSection
    >>> options = FeaturesSection.model_validate({"lags": [{"field": "load"}], "label_lags": 1})
    >>> features = StreamFeatures(options, ["load"], label_width=1)
    >>> features.names
    ['load', 'load_lag1', 'label_lag1']
    >>> x, labels = np.array([[5.0], [6.0]]), np.array([[1.0], [-1.0]])
    >>> features.transform(x, key=[None, None], label_values=labels, time=np.zeros(2)).tolist()
    [[5.0, 0.0, 0.0], [6.0, 5.0, 1.0]]
    """

    def __init__(
        self, options: FeaturesSection, fields: Sequence[str], *, label_width: int, later_labels: bool = False
    ) -> None:
        """``fields`` names the columns of ``x``; ``label_width`` is that of ``label_values``.

        With ``later_labels`` those that are known are given with each row: see ``KnownLabels``.

        Raises ``FieldNameError`` (a ``ValueError``) where the options name a field that is not there, and
        ``ValueError`` where two columns would have the same name, or none would be left.
        """
        check_field_names(options, fields)
        self._logarithmic = _logarithmic(options, fields)
        past = remembered_fields(options)
        self._past = np.array([fields.index(name) for name in past], dtype=np.int64)
        self._parts = plan(options, fields=fields, past=past, label_width=label_width)
        self.names = [name for part in self._parts for name in part.names]
        _check_names(self.names)
        self._history = History(
            depth=remembered_rows(options),
            width=len(past),
            label_depth=0 if later_labels else options.label_lags,
            label_width=label_width if options.label_lags and not later_labels else 0,
            max_keys=options.max_keys if options.per_key else None,
        )
        self._without_labels = later_labels or not options.label_lags
        self._near_zero = frozenset(
            name for name, taken in zip(fields, self._logarithmic.tolist(), strict=True) if taken
        )

    @property
    def about(self) -> list[str | None]:
        """Of each column the field whose values it has, or ``LABEL``; None where they are near zero."""
        return [None if name in self._near_zero else name for part in self._parts for name in part.about]

    @property
    def keys(self) -> KeySlots | None:
        """Whose history there is; None where all rows have one."""
        return self._history.keys

    def transform(
        self,
        x: Floats,
        *,
        key: Sequence[bytes | None],
        label_values: Floats,
        time: Floats,
        flags: Floats | None = None,
        known_labels: Floats | None = None,
    ) -> Floats:
        """Return the features ``(rows, names) float64`` of some rows, and remember the rows.

        ``x`` is ``(rows, fields)`` and finite, ``key`` and ``time`` (seconds, NaN where unknown) hold one value a
        row, ``label_values`` is ``(rows, label_width)``: see ``label_columns``. ``flags`` are those of the
        categories: see ``Categories``. ``known_labels`` ``(rows, label_lags, label_width)`` are the labels that
        each row may know, the newest first, where labels come later. Differences and deviations of values near the
        end of float64 can overflow to an infinity or NaN.
        """
        rows = len(x)
        out = np.empty((rows, len(self.names)))
        if not rows:
            return out
        x = self._with_logarithms(x)
        labels = np.empty((rows, 0)) if self._without_labels else label_values
        flags = np.empty((rows, 0)) if flags is None else flags
        with np.errstate(over="ignore", invalid="ignore"):
            for present in self._history.advance(x.take(self._past, axis=1), labels, key=key):
                span = present.rows
                if known_labels is not None:
                    present = replace(present, labels=KnownLabels(known_labels[span]))  # noqa: PLW2901 - it is complete now
                self._fill(out[span], Current(x[span], time[span], present, flags[span]))
        return out

    def glance(
        self,
        x: Floats,
        *,
        key: Sequence[bytes | None],
        time: Floats,
        flags: Floats | None = None,
        known_labels: Floats | None = None,
    ) -> Floats:
        """Return what ``transform`` would of each row if it came next, alone; remember nothing."""
        out, x = np.empty((len(x), len(self.names))), self._with_logarithms(x)
        flags = np.empty((len(x), 0)) if flags is None else flags
        with np.errstate(over="ignore", invalid="ignore"):
            present = self._history.glance(x.take(self._past, axis=1), key=key)
            if known_labels is not None:
                present = replace(present, labels=KnownLabels(known_labels))
            self._fill(out, Current(x, time, present, flags))
        return out

    def _with_logarithms(self, x: Floats) -> Floats:
        if not self._logarithmic.any():
            return x
        x = x.copy()
        x[:, self._logarithmic] = signed_logarithm(x[:, self._logarithmic])
        return x

    def _fill(self, out: Floats, current: Current) -> None:
        start = 0
        for part in self._parts:
            stop = start + len(part.names)
            out[:, start:stop] = part.columns(current)
            start = stop

    def forget(self, gone: Gone) -> int:
        """Let rows of keys go that features look back on; return how many, or of how many keys."""
        return self._history.forget(gone)

    def state_dict(self) -> dict[str, Any]:
        """Return the history, the names of the columns and which fields are taken logarithmically."""
        return {
            "names": list(self.names),
            "logarithmic": self._logarithmic,
            "history": self._history.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a saved history; raise ``ValueError`` where it belongs to other features."""
        if list(state["names"]) != self.names:
            raise ValueError(
                f"the saved state has the features {list(state['names'])}, now there are {self.names}; "
                "restore the old features or start with an empty state directory"
            )
        if np.asarray(state["logarithmic"]).tolist() != self._logarithmic.tolist():
            raise ValueError(
                "the saved state has other logarithmic fields; restore features.logarithmic or start with an empty"
                " state directory"
            )
        self._history.load_state_dict(state["history"])


def signed_logarithm(x: Floats) -> Floats:
    """Return sign(x) ln(1 + |x|): odd, about x near zero, finite wherever x is.

    >>> signed_logarithm(np.array([-1e6, 0.0, 0.001])).round(4).tolist()
    [-13.8155, 0.0, 0.001]
    """
    return np.copysign(np.log1p(np.abs(x)), x)


def _logarithmic(options: FeaturesSection, fields: Sequence[str]) -> NDArray[np.bool_]:
    """Return for each field ``(fields,)`` whether its logarithm is taken."""
    return np.array(
        [options.logarithmic == "all" or name in options.logarithmic for name in fields], dtype=np.bool_
    )


def _check_names(names: Sequence[str]) -> None:
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise ValueError(f"features: {', '.join(double)} would be there twice; declare each once")
    if not names:
        raise ValueError("features.drop leaves nothing for the model to see; keep a field")
