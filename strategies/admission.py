"""What decides which rows of an endless stream a memory of fixed size keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


class Admission(Protocol):
    """Decides row by row which slot a row goes to, if any."""

    filled: int
    """Slots in use; always the first ones."""
    n_seen: int
    """Rows offered so far."""

    def admit(self, groups: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which rows are kept, in order, and the slot of each; ``groups`` is the class or task of every row.

        Where a slot is named twice the later row stays.
        """

    def merge(self, group: int, *, into: int) -> None:
        """Count what was seen and is kept of a group as another's; the group is a new one where it comes again."""

    def keep(self, kept: NDArray[np.int64]) -> None:
        """Go on with the rows in these slots ``(rows,)``, ascending: they are in the first slots now.

        A row to come is kept with the chance that those had which are kept, until there is no slot left.
        """

    def restart(self) -> None:
        """Forget all rows and begin a new sample; the generator goes on."""

    def state_dict(self) -> dict[str, Any]:
        """Return counts and the generator's state."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
