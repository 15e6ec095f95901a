"""What each layer of a module takes and gives in a pass, where that says all about its gradients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional as F

from strategies.network import weighted_sum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from strategies.network import Network

    Layers = dict[str, nn.Linear | nn.Conv2d]


@dataclass(frozen=True, slots=True)
class LayerTrace:
    """What a layer took and gave in a pass; at each position of each row, the layer is linear."""

    prefix: str
    """Of its parameters' names."""
    layer: nn.Linear | nn.Conv2d
    inputs: Tensor
    """``(rows, positions, inputs)``; a convolution's are unfolded."""
    result: Tensor


def traceable_layers(network: Network) -> Layers | None:
    """Return the trainable layers by prefix, if all trainable parameters are theirs and each works at most once.

    They are plain linear and convolution layers. That each works once is known of a chain, and of a module that
    says ``uses_layers_once = True``. No two may share a parameter. Else None.
    """
    layers = dict(_layers(network.module))
    trainable = network.views(network.parameters).keys()
    covered = {f"{prefix}{name}" for prefix in layers for name in ("weight", "bias")}
    uses = [p for _, p in network.module.named_parameters(remove_duplicate=False) if p.requires_grad]
    if not trainable <= covered or len(uses) != len(trainable):
        return None
    return {prefix: layer for prefix, layer in layers.items() if any(p.requires_grad for p in layer.parameters())}


def traced(network: Network, layers: Layers, *, x: Tensor, task: Tensor) -> tuple[Tensor, list[LayerTrace]]:
    """Return the network's outputs, and the traces of those of the layers that were used."""
    traces: list[LayerTrace] = []

    def keep(prefix: str, layer: Any, args: tuple[Tensor, ...], result: Tensor) -> Tensor:
        if result.requires_grad:
            traces.append(LayerTrace(prefix, layer, _inputs_by_position(layer, args[0].detach()), result))
        # What follows may work in place, and would turn the result into its own.
        return result.clone()

    hooks = [layer.register_forward_hook(partial(keep, prefix)) for prefix, layer in layers.items()]
    try:
        with torch.enable_grad():
            outputs = network.call(x, task)
    finally:
        for hook in hooks:
            hook.remove()
    return outputs, traces


def gradients_by_position(
    outputs: Tensor, traces: list[LayerTrace], delta: Tensor
) -> Iterator[tuple[LayerTrace, Tensor]]:
    """Yield the gradients on each layer's results ``(rows, positions, outputs)``, given those on the outputs.

    ``delta`` is ``(rows, outputs)``. A layer whose result was not used has none.
    """
    score = weighted_sum(outputs, delta)
    given = [trace.result for trace in traces]
    gradients = torch.autograd.grad(score, given, retain_graph=True, allow_unused=True)
    for trace, gradient in zip(traces, gradients, strict=True):
        if gradient is not None:
            yield trace, _results_by_position(trace.layer, gradient)


def _layers(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Linear | nn.Conv2d]]:
    """Yield the layers that are used at most once, each with the prefix of its parameters' names."""
    if _is_chain(module) or isinstance(module, nn.ModuleList) or getattr(module, "uses_layers_once", False):
        for name, child in module.named_children():
            yield from _layers(child, f"{prefix}{name}.")
    elif type(module) is nn.Linear or (type(module) is nn.Conv2d and _unfolds(module)):
        yield prefix, module


def _is_chain(module: nn.Module) -> bool:
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def _unfolds(layer: nn.Conv2d) -> bool:
    return layer.groups == 1 and layer.padding_mode == "zeros" and not isinstance(layer.padding, str)


def _inputs_by_position(layer: nn.Linear | nn.Conv2d, a: Tensor) -> Tensor:
    if isinstance(layer, nn.Linear):
        return a.reshape(len(a), -1, a.shape[-1])
    assert not isinstance(layer.padding, str)
    patches = F.unfold(a, layer.kernel_size, dilation=layer.dilation, padding=layer.padding, stride=layer.stride)
    return patches.transpose(1, 2)


def _results_by_position(layer: nn.Linear | nn.Conv2d, delta: Tensor) -> Tensor:
    if isinstance(layer, nn.Linear):
        return delta.reshape(len(delta), -1, delta.shape[-1])
    return delta.flatten(2).transpose(1, 2)
