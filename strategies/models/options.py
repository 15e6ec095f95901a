"""What every model's options have."""

from collections.abc import Sequence
from math import prod

from pydantic import Field

from strategies.options import Options


class ModelOptions(Options):
    """Options of a model: validated from YAML, immutable, unknown keys refused."""

    pretrained: str | None = Field(
        None,
        description="Safetensors file with the weights to start from, by tensor name; with it, the defaults of"
        " adapters and learning rate are conservative.",
    )


def check_width(shape: Sequence[int], *, features: int) -> None:
    """Raise ``ValueError`` where rows of so many features do not have a model's ``shape``."""
    if prod(shape) != features:
        raise ValueError(f"model.shape {list(shape)} means {prod(shape)} features, a row has {features}")
