"""The model as an estimator of river's (https://riverml.xyz), for a loop that is river's already.

>>> from river import datasets, evaluate, metrics
>>> from retaind.river import Model
>>> evaluate.progressive_val_score(datasets.Phishing().take(100), Model(), metrics.Accuracy()).get() > 0.5
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from river import base
from safetensors.numpy import load as read
from safetensors.numpy import save

from daemon.intake.labels.class_name import class_name
from daemon.state.state_tree import FlatState, flatten, unflatten
from retaind.loading import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.state.state_tree import Leaf
    from retaind.answers import Prediction
    from retaind.model import Model as Whole

_LABEL = "__label__"
"""The name of the label's field among the features."""
_NUMBERS = (int, float)


class _Estimator:
    """What both estimators have in common.

    The features are those of the first event that is learned, in the order of their names: numbers as they are,
    texts as categories. What is missing later is filled by its mean, and what is new later is left out.
    """

    _label: ClassVar[Mapping[str, Any]]

    def __init__(self, config: dict[str, Any] | None = None, seed: int = 0) -> None:
        """``config`` are sections of a configuration, as ``retaind.load`` takes them; none is needed."""
        self.config = config
        self.seed = seed
        self._whole: Whole | None = None
        self._first: dict[str, Any] | None = None

    def learn_one(self, x: dict[Any, Any], y: Any) -> None:
        """Learn an event; raise ``ValueError`` where it cannot be learned."""
        event = _named(x)
        if self._whole is None:
            self._begin({name: isinstance(value, str) for name, value in event.items()})
        assert self._whole is not None
        rejected = self._whole.learn([event | {_LABEL: y}]).rejected
        if rejected:
            raise ValueError(rejected[0].message)

    def _say(self, x: dict[Any, Any]) -> Prediction | None:
        """Return what is said of an event; None before there is anything to say."""
        return None if self._whole is None else self._whole.predict([_named(x)])[0]

    def _begin(self, texts: dict[str, bool]) -> None:
        """Make the model for these features, of which some are texts."""
        self._first = texts
        features = {name: {"missing": "category"} for name, is_text in sorted(texts.items()) if is_text}
        sections = {
            "seed": self.seed,
            "label": dict(self._label),
            "features": {"categories": features},
            **(self.config or {}),
        }
        decoder = {
            "label": _LABEL,
            "features": sorted(name for name, is_text in texts.items() if not is_text),
            "missing": "mean",
            "first_events": 1,
        }
        self._whole = load(sections | {"decoder": decoder | sections.get("decoder", {})})

    def __getstate__(self) -> dict[str, Any]:
        """Return parameters, JSON values and arrays as safetensors: for a copy, and for whoever keeps objects."""
        state = {name: value for name, value in vars(self).items() if name != "_whole"}
        if self._whole is None:
            return state
        flat = flatten(self._whole.state_dict())
        arrays = {name: np.ascontiguousarray(leaf) for name, leaf in flat.leaves.items()}
        return state | {"arrays": save(arrays), "document": flat.document}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Take up such a state."""
        parts = dict(state)
        arrays, document = parts.pop("arrays", b""), parts.pop("document", None)
        vars(self).update(parts, _whole=None)
        if document is not None:
            assert self._first is not None
            self._begin(self._first)
            assert self._whole is not None
            leaves: dict[str, Leaf] = {**read(arrays)}
            self._whole.load_state_dict(unflatten(FlatState(leaves=leaves, document=document)))


class Model(_Estimator, base.Classifier):
    """A classifier that does not forget: retaind's whole default, or what ``config`` says."""

    _label: ClassVar[Mapping[str, Any]] = {"type": "class"}

    def __init__(self, config: dict[str, Any] | None = None, seed: int = 0) -> None:
        super().__init__(config, seed)
        self._classes: dict[str, base.typing.ClfTarget] = {}

    @property
    def _multiclass(self) -> bool:
        return True

    def learn_one(self, x: dict[Any, Any], y: base.typing.ClfTarget) -> None:
        """Learn an event with its class; raise ``ValueError`` where it cannot be learned."""
        super().learn_one(x, y)
        name = class_name(y)
        if name is not None:
            self._classes.setdefault(name, y)

    def predict_proba_one(self, x: dict[Any, Any], **_: Any) -> dict[base.typing.ClfTarget, float]:
        """Return the probability of every class that was learned; nothing before the first."""
        said = self._say(x)
        if said is None or said.probabilities is None:
            return {}
        known = {name: said.probabilities.get(name, 0.0) for name in self._classes}
        total = sum(known.values())
        alike = 1 / max(len(known), 1)
        return {self._classes[name]: chance / total if total else alike for name, chance in known.items()}


class NumberModel(_Estimator, base.Regressor):
    """A regressor that does not forget: retaind's whole default, or what ``config`` says."""

    _label: ClassVar[Mapping[str, Any]] = {"type": "number"}

    def predict_one(self, x: dict[Any, Any], **_: Any) -> float:
        """Return the number; 0 before there is anything to say."""
        said = self._say(x)
        return 0.0 if said is None or said.value is None else float(said.value)


def _named(x: Mapping[Any, Any]) -> dict[str, Any]:
    """Return features by text, as fields of events are named."""
    return {str(name): value for name, value in x.items()}
