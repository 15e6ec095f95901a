"""The tasks that are told apart: their names, their codes, and a bound on their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

OTHER = "__other__"
"""The name that all tasks share which came after the bound was reached."""


class TaskNames:
    """Gives each task name a code, 0, 1, … in the order of first sight; names after ``max_tasks`` share one code.

    That one is ``max_tasks``, so arrays by task code need ``size`` = ``max_tasks`` + 1 places.

    >>> names = TaskNames(max_tasks=2)
    >>> names.codes(["day", "night", "day", "dusk"]).tolist(), names.name(2), names.overflowed
    ([0, 1, 0, 2], '__other__', 1)
    """

    def __init__(self, max_tasks: int) -> None:
        assert max_tasks >= 1
        self.other = max_tasks
        self.size = max_tasks + 1
        self.overflowed = 0
        """Rows whose task was not told apart."""
        self._code: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._code)

    @property
    def names(self) -> list[str]:
        """The names told apart so far; a name's place is its code."""
        return list(self._code)

    def name(self, code: int) -> str:
        """Return the name of a code."""
        return OTHER if code == self.other else self.names[code]

    def codes(self, names: Sequence[str]) -> NDArray[np.int64]:
        """Return the codes of names, one a row, ``(rows,)``, and count the rows that fall into ``__other__``."""
        known = self._code
        try:
            return np.array([known[name] for name in names], dtype=np.int64)
        except KeyError:
            codes = np.array([self._enter(name) for name in names], dtype=np.int64)
        self.overflowed += int(np.count_nonzero(codes == self.other))
        return codes

    def code(self, name: str, *, rows: int) -> int:
        """Return the code of the name that so many rows have in common."""
        code = self._enter(name)
        self.overflowed += rows if code == self.other else 0
        return code

    def _enter(self, name: str) -> int:
        code = self._code.get(name)
        if code is None:
            if name == OTHER or len(self._code) >= self.other:
                return self.other
            code = self._code[name] = len(self._code)
        return code

    def state_dict(self) -> dict[str, Any]:
        """Return the names in the order of their codes, and how many rows overflowed."""
        return {"names": self.names, "overflowed": self.overflowed}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up saved names; raise ``ValueError`` where there are more than ``max_tasks``."""
        if len(state["names"]) > self.other:
            raise ValueError(
                f"the saved state has {len(state['names'])} tasks, more than retention.max_tasks = {self.other}; "
                "raise it or start with an empty state directory"
            )
        self._code = {name: code for code, name in enumerate(state["names"])}
        self.overflowed = int(state["overflowed"])
