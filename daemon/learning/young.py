"""How a stream is learned while it is young: in small blocks, and with more steps on each.

Four thousand events are 125 blocks of 32; one step on each would hardly begin. Both are functions of the count of
events alone, so that what is learned stays a function of the events in their order.
"""

from __future__ import annotations

_SIZES = ((64, 4), (2_048, 8), (8_192, 16))
"""Until so many events, blocks of so many."""
_RATES = ((2_048, 1.0), (8_192, 0.5))
"""Until so many events, so many steps for each row of a block."""


def block_rows(events: int, *, batch: int) -> int:
    """Return how many rows the block has that begins after so many events; at most ``batch``.

    >>> [block_rows(events, batch=32) for events in (0, 64, 2_048, 8_192)]
    [4, 8, 16, 32]
    """
    return next((min(size, batch) for until, size in _SIZES if events < until), batch)


def steps(events: int, *, rows: int, later: int) -> int:
    """Return the steps on so many rows that come after so many events; ``later``, once the stream is grown up.

    >>> [steps(events, rows=rows, later=2) for events, rows in ((0, 4), (64, 8), (2_048, 16), (8_192, 32))]
    [4, 8, 8, 2]
    """
    return next((max(1, round(rate * rows)) for until, rate in _RATES if events < until), later)
