"""Layer freezing: some layers do not learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from strategies.adapters.adapter import Adapter, Ground
from strategies.adapters.layers import keep_statistics, matching
from strategies.options.adapters.freeze import FreezeOptions

if TYPE_CHECKING:
    from torch import nn


class Freeze(Adapter):
    """Leaves the parameters of the named layers as they are, and a normalisation's running means with them."""

    Options: ClassVar[type[FreezeOptions]] = FreezeOptions

    def __init__(self, options: FreezeOptions, *, ground: Ground) -> None:
        super().__init__(options, ground=ground)
        self._layers = options.layers

    def adapt(self, module: nn.Module) -> nn.Module:
        """Freeze the layers; raise ``ValueError`` where a name is not there or nothing is left to learn."""
        frozen = set(matching(dict(module.named_parameters()), self._layers, option="freeze.layers"))
        for name, parameter in module.named_parameters():
            if name in frozen:
                parameter.requires_grad = False
        for layer in module.modules():
            own = list(layer.parameters(recurse=False))
            if own and not any(parameter.requires_grad for parameter in own):
                keep_statistics(layer)
        if not any(parameter.requires_grad for parameter in module.parameters()):
            raise ValueError("freeze.layers: nothing is left to learn")
        return module
