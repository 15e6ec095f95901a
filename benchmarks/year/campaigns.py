"""What the plant makes when: one product after another, some of which come back after months."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CALENDAR = "ABCDABCDEAFBEGCFHDGEIHFJGIKEAHLJBDAB"
"""The product of each campaign. The last three are the second month's; A rests from the tenth to the 28th."""
PRODUCTS = tuple(sorted(set(CALENDAR)))
UNEVEN = 0.15
"""How far the end of a campaign may lie from where it would if all were equally long, as a share of one."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A stretch of days on which the plant makes one product."""

    number: int
    product: str
    start: float
    """In days since the beginning."""
    end: float

    @property
    def name(self) -> str:
        """A name that no other campaign has, as an order has a number."""
        return f"{self.product}-{self.number + 1:02}"

    @property
    def before(self) -> int | None:
        """The number of the campaign that made the same product last; None where there was none."""
        found = CALENDAR.rfind(self.product, 0, self.number)
        return None if found < 0 else found


def campaigns(days: float, *, seed: int) -> tuple[Campaign, ...]:
    """Return the campaigns in their order; they fill all days.

    >>> [one.name for one in campaigns(365, seed=0)[:3]], campaigns(365, seed=0)[-1].end
    (['A-01', 'B-02', 'C-03'], 365.0)
    """
    rng = np.random.default_rng((seed, 0))
    places = np.arange(len(CALENDAR) + 1, dtype=np.float64)
    places[1:-1] += rng.uniform(-UNEVEN, UNEVEN, len(CALENDAR) - 1)
    ends = (places * days / len(CALENDAR)).tolist()
    return tuple(
        Campaign(number, product, ends[number], ends[number + 1]) for number, product in enumerate(CALENDAR)
    )


def product_codes(time: NDArray[np.float64], made: tuple[Campaign, ...]) -> NDArray[np.int64]:
    """Return the index in ``PRODUCTS`` of what is made at times ``(rows,)`` in days."""
    code = np.array([PRODUCTS.index(one.product) for one in made])
    found: NDArray[np.int64] = code[campaign_numbers(time, made)]
    return found


def campaign_numbers(time: NDArray[np.float64], made: tuple[Campaign, ...]) -> NDArray[np.int64]:
    """Return the number of the campaign at times ``(rows,)`` in days."""
    starts = np.array([one.start for one in made])
    return np.searchsorted(starts, time, side="right") - 1
