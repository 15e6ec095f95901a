"""LoRA: the weights stay, and a correction of low rank learns."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from torch import nn

from strategies.adapters.adapter import Adapter, Ground
from strategies.adapters.layers import matching, put_to_rest, replace
from strategies.adapters.lora_layers import LoraLayer, lora_convolution, lora_linear, merged
from strategies.options.adapters.lora import LoraOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

_MARK = "lora_scale"


class Lora(Adapter):
    """LoRA (Hu et al. 2021, arXiv 2106.09685, section 4.1): W + (α/r)BA, with W fixed and B zero at the start.

    Everything that is not corrected is fixed too, biases and normalisations included, except the head. An export
    merges the corrections into the weights.
    """

    Options: ClassVar[type[LoraOptions]] = LoraOptions

    def __init__(self, options: LoraOptions, *, ground: Ground) -> None:
        super().__init__(options, ground=ground)
        self._rank = options.rank
        self._alpha = options.rank if options.alpha is None else options.alpha
        self._layers = options.layers
        self._head = options.head

    def adapt(self, module: nn.Module) -> nn.Module:
        """Put the module to rest and correct its layers; raise ``ValueError`` where there is none to correct."""
        layers = {name: layer for name, layer in module.named_modules() if _is_correctable(layer)}
        head = self._head_among(layers)
        chosen = self._chosen(layers, head)
        head_learns = [] if head is None else [p for p in layers[head].parameters() if p.requires_grad]
        put_to_rest(module)
        for parameter in head_learns:
            parameter.requires_grad = True
        for name in chosen:
            module = replace(module, name, self._corrected(layers[name]))
        return module

    @staticmethod
    def plain(tensors: Mapping[str, Tensor], *, task: int | None) -> dict[str, Tensor]:
        """Return the tensors with every correction merged into its layer's weight."""
        del task
        result = dict(tensors)
        for prefix in [name.removesuffix(_MARK) for name in tensors if name.split(".")[-1] == _MARK]:
            scale, down, up = (
                result.pop(f"{prefix}{name}") for name in (_MARK, "lora_down.weight", "lora_up.weight")
            )
            for name in [name for name in result if name.startswith(f"{prefix}at_rest_layer.")]:
                tensor = result.pop(name)
                weight = name.endswith(".weight")
                result[name.replace("at_rest_layer.", "")] = (
                    merged(tensor, down=down, up=up, scale=scale) if weight else tensor
                )
        return result

    def _head_among(self, layers: Mapping[str, nn.Module]) -> str | None:
        linear = [name for name, layer in layers.items() if isinstance(layer, nn.Linear)]
        return linear[-1] if self._head and linear else None

    def _chosen(self, layers: Mapping[str, nn.Module], head: str | None) -> list[str]:
        names = [name for name in layers if name != head]
        if not names:
            rest = (
                "no linear or convolution layer"
                if head is None
                else f"no such layer but the head, {head or 'itself'}"
            )
            raise ValueError(f"lora.layers: the model has {rest}; leave lora out, or set lora.head: false")
        return names if self._layers == "all" else matching(names, self._layers, option="lora.layers")

    def _corrected(self, layer: nn.Module) -> LoraLayer:
        if isinstance(layer, nn.Linear):
            return lora_linear(layer, rank=self._rank, alpha=self._alpha)
        assert isinstance(layer, nn.Conv2d)
        return lora_convolution(layer, rank=self._rank, alpha=self._alpha)


def _is_correctable(layer: nn.Module) -> bool:
    """Tell whether it is exactly a linear layer or an ungrouped convolution; a subclass may do anything."""
    return type(layer) is nn.Linear or (type(layer) is nn.Conv2d and layer.groups == 1)
