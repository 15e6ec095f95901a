"""Whether one who predicts has been below another for long, and not by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.scoring.lead import Lead

WINDOWS = 10
"""Windows in a row that have to say the same."""

MARGIN = 1.0
"""Standard errors by which a window has to say that one is behind.

By chance one in six does, and ten in a row do not, even where neighbouring events resemble each other so that the
standard error is twice what it is taken for.
"""


class Below:
    """Judges window after window; after ``WINDOWS`` in a row that say otherwise it changes its mind, both ways.

    A window in which one is behind by less than ``MARGIN`` says nothing.

    >>> from daemon.scoring.lead import Lead
    >>> below = Below()
    >>> behind = Lead(rows=1000, score=0.5, other=0.6, deviations=-3.0)
    >>> [below.judge(behind) for _ in range(WINDOWS)][-2:]
    [False, True]
    """

    def __init__(self) -> None:
        self._windows = 0
        self._is_below = False

    def judge(self, window: Lead) -> bool:
        """Take in the lead on the next window; return whether one is below the other now."""
        behind, ahead = window.deviations < -MARGIN, window.deviations >= 0
        if ahead if self._is_below else behind:
            self._windows += 1
        elif behind if self._is_below else ahead:
            self._windows = 0
        if self._windows == WINDOWS:
            self._is_below, self._windows = not self._is_below, 0
        return self._is_below
