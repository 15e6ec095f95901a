"""A model with all its trainable parameters in one vector, and its gradient in another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from torch import Tensor


class Network:
    """Any torch module ``(rows, features) → (rows, outputs)``, differentiated by autograd.

    A module that says ``needs_task = True`` is called with the rows' tasks too, ``(rows,) int64``, ``UNKNOWN``
    where nobody has said it. ``parameters`` and ``gradient`` are contiguous ``(parameters,) float32``; the module's
    own tensors are views of them, so that an anchor, a step, a snapshot or a checkpoint is one operation on one
    vector.
    """

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self._needs_task = bool(getattr(module, "needs_task", False))
        self._at_rest: Callable[[], Iterable[Tensor]] | None = getattr(module, "at_rest", None)
        self._merge_task: Callable[[int], None] | None = getattr(module, "merge_task", None)
        self._trainable = {name: p for name, p in module.named_parameters() if p.requires_grad}
        if not self._trainable:
            raise ValueError("the model has no trainable parameter")
        self.parameters = torch.cat([p.detach().reshape(-1).float() for p in self._trainable.values()])
        self.gradient = torch.zeros_like(self.parameters)
        values, gradients = self.views(self.parameters), self.views(self.gradient)
        for name, parameter in self._trainable.items():
            parameter.data = values[name]
            parameter.grad = gradients[name]
        self._buffers = list(module.buffers())
        self._buffers_before: list[Tensor] = []
        self._outputs: Tensor | None = None

    def views(self, vector: Tensor) -> dict[str, Tensor]:
        """Return the parts of a vector ``(parameters,)`` by parameter name, in each parameter's shape."""
        sizes = [parameter.numel() for parameter in self._trainable.values()]
        parts = zip(self._trainable.items(), torch.split(vector, sizes), strict=True)
        return {name: part.view(parameter.shape) for (name, parameter), part in parts}

    def call(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Return what the module makes of ``x``, given the rows' tasks ``(rows,) int64`` where it needs them."""
        outputs: Tensor
        if not self._needs_task:
            outputs = self.module(x)
            return outputs
        outputs = self.module(x, torch.full((len(x),), UNKNOWN) if task is None else task)
        return outputs

    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Return the outputs for training, detached; what :meth:`backward` and :meth:`undo` need is kept."""
        self.module.train()
        self._buffers_before = [buffer.clone() for buffer in self._buffers]
        with torch.enable_grad():
            self._outputs = self.call(x, task)
        return self._outputs.detach()

    def backward(self, delta: Tensor) -> None:
        """Set ``gradient`` from the loss's gradient on the outputs ``(rows, outputs)`` of the last forward."""
        assert self._outputs is not None, "backward follows forward"
        self.gradient.zero_()
        weighted_sum(self._outputs, delta).backward()  # type: ignore[no-untyped-call] # torch leaves it untyped
        self._outputs = None

    def undo(self) -> None:
        """Put back what the last :meth:`forward` changed in the module, such as running means."""
        for buffer, before in zip(self._buffers, self._buffers_before, strict=True):
            buffer.copy_(before)

    def at_rest(self) -> list[tuple[Tensor, Tensor]]:
        """Return the parameters that the next step must not move, and the values to put back after it.

        Which those are, a module says in a method of that name. That their gradient is zero is not enough: moments
        and weight decay of an optimizer move them all the same.
        """
        if self._at_rest is None:
            return []
        return [(parameter.detach(), parameter.detach().clone()) for parameter in self._at_rest()]

    def merge_task(self, task: int) -> None:
        """Tell a module that has a method of that name that ``task`` is the number of another task from now on."""
        if self._merge_task is not None:
            self._merge_task(task)

    @torch.no_grad()
    def predict(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Return the outputs without any trace for training; ``task`` is ``(rows,) int64``, -1 where unknown."""
        self.module.eval()
        return self.call(x, task)

    def state_dict(self) -> dict[str, Any]:
        """Return the parameter vector, what lies in it, and the module's buffers and frozen parameters if any."""
        return {"parameters": self.parameters, "layout": self._layout(), "fixed": self._fixed()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state of a module of the same shape; raise ``ValueError`` where the shape differs."""
        saved = torch.as_tensor(state["parameters"])
        if saved.shape != self.parameters.shape:
            raise ValueError(
                f"the checkpoint's model has {len(saved)} parameters, the configured one {len(self.parameters)}"
            )
        own = self._layout()
        if (layout := state.get("layout", own)) != own:
            raise ValueError(f"the checkpoint's model is made of {layout}, the configured one of {own}")
        fixed = self._fixed()
        if state["fixed"].keys() != fixed.keys():
            raise ValueError(
                f"the checkpoint's model has the fixed tensors {sorted(state['fixed'])},"
                f" the configured one {sorted(fixed)}"
            )
        self.parameters.copy_(saved)
        for name, tensor in fixed.items():
            tensor.copy_(torch.as_tensor(state["fixed"][name]))

    def _layout(self) -> dict[str, list[int]]:
        return {name: list(parameter.shape) for name, parameter in self._trainable.items()}

    def _fixed(self) -> dict[str, Tensor]:
        fixed = dict(self.module.named_buffers())
        return fixed | {name: p.detach() for name, p in self.module.named_parameters() if not p.requires_grad}


class LayeredNetwork(Network):
    """A chain of linear layers and ReLUs, differentiated by hand.

    For models as small as those on a stream, autograd's bookkeeping costs more than the arithmetic; the chain rule
    through ``h = relu(a Wᵀ + b)`` is three products a layer, written straight into the gradient vector.
    """

    def __init__(self, module: nn.Sequential) -> None:
        super().__init__(module)
        self._layers = [_Layer.of(layer) for layer in module if isinstance(layer, nn.Linear)]
        self._activations: list[Tensor] = []

    @staticmethod
    def fits(module: nn.Module) -> bool:
        """Tell whether ``module`` is a chain Linear, ReLU, Linear, … , Linear with all parameters trainable.

        The forward pass must be that of ``nn.Sequential``, and no two layers may share a parameter.
        """
        if not isinstance(module, nn.Sequential) or type(module).forward is not nn.Sequential.forward:
            return False
        linear, between = list(module)[::2], list(module)[1::2]
        return (
            len(linear) == len(between) + 1
            and all(_is_trainable_linear(layer) for layer in linear)
            and all(type(layer) is nn.ReLU for layer in between)
            and len(list(module.parameters())) == 2 * len(linear)
        )

    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Return the outputs, whatever the task; keep every layer's input."""
        del task
        self._activations = [x]
        *hidden, last = self._layers
        for layer in hidden:
            x = torch.addmm(layer.bias, x, layer.transposed).relu_()
            self._activations.append(x)
        return torch.addmm(last.bias, x, last.transposed)

    def backward(self, delta: Tensor) -> None:
        """Set ``gradient`` from ``delta``, layer by layer from the last."""
        first = self._layers[0]
        for layer, activation in zip(reversed(self._layers), reversed(self._activations), strict=True):
            torch.mm(delta.t(), activation, out=layer.weight_gradient)
            torch.sum(delta, 0, out=layer.bias_gradient)
            if layer is not first:
                # A ReLU's slope is the sign of its output, which is not needed any more.
                delta = torch.mm(delta, layer.weight).mul_(activation.sign_())
        self._activations = []

    def gradient_sizes(
        self, x: Tensor, deltas: Callable[[Tensor], Iterator[Tensor]], size: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """Return the sum over rows and ``deltas`` of the sizes of per-example gradients ``(parameters,) float32``.

        ``deltas`` are, given the outputs for ``x``, some gradients on them ``(rows, outputs)``; ``size`` is
        ``torch.square`` or ``torch.abs``. With inputs a and output gradients δ of a layer, it is
        (Σ size(δ))ᵀ size(a) for its weights: one product, however many deltas.
        """
        outputs, inputs = self.forward(x), self._activations
        slopes = [activation.sign() for activation in inputs]
        sizes = [torch.zeros(len(x), len(layer.bias)) for layer in self._layers]
        for given in deltas(outputs):
            delta = given
            for place in range(len(self._layers) - 1, -1, -1):
                sizes[place].add_(size(delta))
                if place:
                    delta = torch.mm(delta, self._layers[place].weight).mul_(slopes[place])
        self._activations = []
        sums = [(s.t() @ size(a), s.sum(0)) for s, a in zip(sizes, inputs, strict=True)]
        return torch.cat([part.reshape(-1) for pair in sums for part in pair])

    def predict(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Return the outputs, whatever the task, without any trace for training."""
        del task
        *hidden, last = self._layers
        for layer in hidden:
            x = torch.addmm(layer.bias, x, layer.transposed).relu_()
        return torch.addmm(last.bias, x, last.transposed)


class _Layer:
    """The tensors of one linear layer, as views of the vectors."""

    __slots__ = ("bias", "bias_gradient", "transposed", "weight", "weight_gradient")

    def __init__(self, weight: Tensor, bias: Tensor, weight_gradient: Tensor, bias_gradient: Tensor) -> None:
        self.weight = weight
        self.transposed = weight.t()
        self.bias = bias
        self.weight_gradient = weight_gradient
        self.bias_gradient = bias_gradient

    @staticmethod
    def of(layer: nn.Linear) -> _Layer:
        assert layer.weight.grad is not None
        assert layer.bias.grad is not None
        return _Layer(layer.weight.data, layer.bias.data, layer.weight.grad, layer.bias.grad)


def weighted_sum(outputs: Tensor, delta: Tensor) -> Tensor:
    """Return the scalar whose gradient on the outputs is ``delta``, both ``(rows, outputs)``.

    To differentiate the outputs themselves, torch would import sympy first, which takes seconds.
    """
    with torch.enable_grad():
        return outputs.mul(delta).sum()


def network_of(module: nn.Module) -> Network:
    """Return the fastest network that computes ``module``."""
    if isinstance(module, nn.Sequential) and LayeredNetwork.fits(module):
        return LayeredNetwork(module)
    return Network(module)


def _is_trainable_linear(layer: nn.Module) -> bool:
    if type(layer) is not nn.Linear or layer.bias is None:
        return False
    return layer.weight.requires_grad and layer.bias.requires_grad
