"""What a model asks of a row."""

from collections.abc import Sequence
from math import prod


def check_width(shape: Sequence[int], *, features: int) -> None:
    """Raise ``ValueError`` where rows of so many features do not have a model's ``shape``."""
    if prod(shape) != features:
        raise ValueError(f"model.shape {list(shape)} means {prod(shape)} features, a row has {features}")
