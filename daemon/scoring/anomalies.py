"""Which events are odd, by how far their values are from what was predicted of them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.sink import Anomaly
from daemon.scoring.residual_ranks import ResidualRanks
from strategies.row_holder import key_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.scoring.anomaly_options import AnomaliesSection
    from strategies.row_holder import Gone

_LONG_AGO = 1 << 62


@dataclass(frozen=True, slots=True)
class AnomalyCounts:
    """So far, in this and all earlier runs."""

    scored: int
    odd: int
    """Events beyond the threshold."""
    anomalies: int
    """Beginnings of anomalies."""


class Anomalies:
    """Ranks the absolute residual of each event among the newest ones of its key (conformal anomaly detection).

    The rank is the conformal p-value of Laxhammar and Falkman (2010), with what the learner predicted as the model
    of what is normal. An event is odd where its p-value is at most 1 / ``one_in``: the threshold is that quantile
    of the newest residuals, so it follows the stream, and of events that come in an exchangeable order no more are
    odd than one in so many. Odd ones that follow each other are one anomaly.

    A key of which fewer events are known has no odd one yet. Memory is bounded by the number of keys.

    >>> from daemon.scoring.anomaly_options import AnomaliesSection
    >>> anomalies = Anomalies(AnomaliesSection(one_in=50, window=100))
    >>> calm = [anomalies.look(0, expected=0.0, found=float(n % 7)) for n in range(100)]
    >>> odd = anomalies.look(0, expected=0.0, found=70.0)
    >>> any(each.odd for each in calm), odd.odd, odd.new, round(odd.score, 2)
    (False, True, True, 0.99)
    """

    def __init__(self, options: AnomaliesSection) -> None:
        self._options = options
        self._keys: OrderedDict[int, _Key] = OrderedDict()
        self._scored = self._odd = self._anomalies = 0

    @property
    def counts(self) -> AnomalyCounts:
        """How many there were."""
        return AnomalyCounts(self._scored, self._odd, self._anomalies)

    def look(self, key: int, *, expected: float, found: float) -> Anomaly | None:
        """Return how odd an event of a key is; None where nothing was predicted. What it shows is remembered."""
        if not (isfinite(expected) and isfinite(found)):
            return None
        known, residual = self._of(key), abs(found - expected)
        share = known.ranks.share_as_large(residual)
        odd = share * self._options.one_in <= 1
        new = odd and known.quiet >= self._options.quiet
        known.quiet = 0 if odd else known.quiet + 1
        self._scored, self._odd, self._anomalies = self._scored + 1, self._odd + odd, self._anomalies + new
        return Anomaly(1 - share, expected, found, odd, new)

    def forget(self, gone: Gone) -> int:
        """Let the residuals of keys go; return how many: see ``RowHolder``."""
        leave = [self._keys.pop(key) for key in map(key_hash, gone.keys) if key in self._keys]
        return sum(len(each.ranks.newest()) for each in leave)

    def state_dict(self) -> dict[str, Any]:
        """Return the newest residuals of every key, the longest unseen first, and the counts."""
        residuals = [key.ranks.newest() for key in self._keys.values()]
        return {
            "keys": np.array(list(self._keys), dtype=np.int64),
            "quiet": np.array([key.quiet for key in self._keys.values()], dtype=np.int64),
            "lengths": np.array([len(each) for each in residuals], dtype=np.int64),
            "residuals": np.concatenate([np.zeros(0), *residuals]),
            "counts": [self._scored, self._odd, self._anomalies],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; nothing of an empty one."""
        if not state:
            return
        self._keys = OrderedDict()
        quiet, ends = np.asarray(state["quiet"]).tolist(), np.cumsum(np.asarray(state["lengths"]))
        parts = np.split(np.asarray(state["residuals"]), ends)[:-1]
        for key, since, residuals in zip(np.asarray(state["keys"]).tolist(), quiet, parts, strict=True):
            known = self._of(key)
            known.quiet = since
            known.ranks.take_up(residuals)
        self._scored, self._odd, self._anomalies = state["counts"]

    def _of(self, key: int) -> _Key:
        """Return what is known of a key; the one unseen for longest gives way."""
        known = self._keys.get(key)
        if known is None:
            known = self._keys[key] = _Key(ResidualRanks(self._options.window))
            if len(self._keys) > self._options.max_keys:
                self._keys.popitem(last=False)
        self._keys.move_to_end(key)
        return known


@dataclass(slots=True)
class _Key:
    """The newest events of a key."""

    ranks: ResidualRanks
    quiet: int = _LONG_AGO
    """Events since the last odd one."""
