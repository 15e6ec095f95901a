"""A model's weights in a safetensors file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import safetensors
import safetensors.torch

if TYPE_CHECKING:
    from torch import Tensor


def read_weights(path: str) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file by name, in float32; raise ``ValueError`` where it can't be read."""
    try:
        tensors = safetensors.torch.load(Path(path).read_bytes())
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} is not a safetensors file ({error})") from error
    return {name: tensor.float() for name, tensor in tensors.items()}
