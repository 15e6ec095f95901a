"""What every model's options have."""

from pydantic import Field

from strategies.options import Options


class ModelOptions(Options):
    """Options of a model: validated from YAML, immutable, unknown keys refused."""

    pretrained: str | None = Field(
        None,
        description="A safetensors file with the weights to start from, by tensor name. With it, adapters and the"
        " learning rate are conservative unless they are given.",
    )
