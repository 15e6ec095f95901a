"""Random generators whose state survives a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


def generator_state(generator: np.random.Generator) -> dict[str, Any]:
    """Return the generator's state as JSON values."""
    return dict(generator.bit_generator.state)


def restore_generator(generator: np.random.Generator, state: Mapping[str, Any]) -> None:
    """Put the generator back into a state."""
    generator.bit_generator.state = dict(state)
