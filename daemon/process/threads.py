"""As many processor threads as the configuration says, in torch and in numpy's linear algebra."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import numpy as np  # noqa: F401 - its linear algebra has to be there to be found
import torch
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Iterator


def use_threads(number: int) -> None:
    """Let torch and numpy use so many from now on.

    Small models are many times slower with more: numpy's OpenBLAS lets a second thread spin while it waits, on the
    core that answers others. And sums over several threads round otherwise than over one.
    """
    torch.set_num_threads(number)
    _blas().limit(limits=number, user_api="blas")


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Within the context, let torch and numpy use so many.

    >>> before = torch.get_num_threads()
    >>> with threads(1):
    ...     torch.get_num_threads()
    1
    >>> torch.get_num_threads() == before
    True
    """
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        with _blas().limit(limits=number, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


@cache
def _blas() -> ThreadpoolController:
    """Return who can limit the threads of linear algebra; to find the libraries takes a millisecond."""
    return ThreadpoolController()
