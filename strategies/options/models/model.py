"""The options of every model."""

from __future__ import annotations

from pydantic import Field

from strategies.options import Options


class ModelOptions(Options):
    """Options of a model: validated from YAML, immutable, unknown keys refused."""

    pretrained: str | None = Field(
        None,
        description="Safetensors file with the weights to start from, by tensor name; with it, the defaults of"
        " adapters and learning rate are conservative.",
    )
