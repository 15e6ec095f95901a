"""An anchor that knows which directions matter, layer by layer, and not only which parameters."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch

from strategies.anchor import STIFFEST
from strategies.kronecker_fisher import Factors
from strategies.layer_block import LayerBlock, layer_blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.network import Network
    from strategies.recast import Recast


@dataclass(frozen=True, slots=True)
class _Eigen:
    """A symmetric matrix U diag(λ) Uᵀ."""

    basis: Tensor
    values: Tensor

    @staticmethod
    def of(matrix: Tensor) -> _Eigen:
        values, basis = torch.linalg.eigh(matrix.double())
        # Laid out as a checkpoint gives it back: products may round differently for another layout.
        return _Eigen(basis.float().contiguous(), values.clamp_(min=0).float())


@dataclass(frozen=True, slots=True)
class _Layer:
    """The importance of one layer's parameters, A ⊗ G, and what makes its proximal step two products."""

    block: LayerBlock
    factors: Factors
    count: float
    """Consolidations in the mean A, the older ones decayed."""
    inputs: _Eigen
    outputs: _Eigen

    @staticmethod
    def of(block: LayerBlock, factors: Factors, *, count: float) -> _Layer:
        return _Layer(block, factors, count, inputs=_Eigen.of(factors.inputs), outputs=_Eigen.of(factors.outputs))

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> _Layer:
        tensors = {name: torch.as_tensor(tensor).clone() for name, tensor in state["tensors"].items()}
        return _Layer(
            block=LayerBlock(**state["block"]),
            factors=Factors(inputs=tensors["inputs"], outputs=tensors["outputs"]),
            count=state["count"],
            inputs=_Eigen(tensors["inputs_basis"], tensors["inputs_values"]),
            outputs=_Eigen(tensors["outputs_basis"], tensors["outputs_values"]),
        )

    def state_dict(self) -> dict[str, Any]:
        tensors = {
            "inputs": self.factors.inputs,
            "outputs": self.factors.outputs,
            "inputs_basis": self.inputs.basis,
            "inputs_values": self.inputs.values,
            "outputs_basis": self.outputs.basis,
            "outputs_values": self.outputs.values,
        }
        return {"block": asdict(self.block), "count": self.count, "tensors": tensors}

    def curvature(self, scale: float) -> Tensor:
        """Return the penalty's curvature along each pair of eigenvectors ``(outputs, inputs)``."""
        product = torch.outer(self.outputs.values.double(), self.inputs.values.double())
        return product.mul_(scale).clamp_(max=STIFFEST).float()

    def recast(self, recast: Recast, *, name: str) -> _Layer:
        """Return it for the scales of today: with z = (z₀ - c) / a, E[z zᵀ] of the inputs is M E[z₀ z₀ᵀ] Mᵀ."""
        inputs, outputs = recast.of_layer(name.removesuffix("."))
        if inputs is None and outputs is None:
            return self
        taken, given = self.factors.inputs, self.factors.outputs
        if inputs is not None and self.block.weights:
            way = torch.diag(torch.cat([1 / inputs.factor, torch.ones(len(taken) - self.block.weights)]))
            way[: self.block.weights, self.block.weights :] = -(inputs.offset / inputs.factor).unsqueeze(1)
            taken = way @ taken @ way.t()
        if outputs is not None:
            given = given * outputs.factor.square()
        return _Layer.of(self.block, Factors(inputs=taken, outputs=given), count=self.count)

    def rotate(self, matrix: Tensor) -> Tensor:
        return self.outputs.basis.t() @ matrix @ self.inputs.basis

    def rotate_back(self, matrix: Tensor) -> Tensor:
        return self.outputs.basis @ matrix @ self.inputs.basis.t()


class KroneckerAnchor:
    """The penalty (``scale``/2) Σ tr(Δᵀ G Δ A) over layers, Δ a layer's way from the point as a matrix.

    That is the quadratic form of the importance A ⊗ G, one for each layer: the structured Laplace approximation of
    Ritter, Botev & Barber 2018, online. A sum of Kronecker products is none; over consolidations G is summed up and
    A averaged, which is exact where one of the two stays the same. In the eigenbases of A and G the penalty is
    diagonal, and so is its proximal step: Δ' = Uᵀ_G Δ U_A shrinks by 1 / (1 + s·scale·gᵢ·aⱼ), for any scale. Of an
    adaptive optimizer's step sizes, a layer takes the harmonic mean, because other sizes would not rotate.
    """

    def __init__(self, *, scale: float) -> None:
        self._scale = scale
        self._point: Tensor | None = None
        self._layers: dict[str, _Layer] = {}
        self._curvature: dict[str, Tensor] = {}
        self._shrinkage: tuple[float, dict[str, Tensor]] | None = None

    @property
    def active(self) -> bool:
        """Whether there is a point to hold on to."""
        return self._point is not None

    def add(self, network: Network, *, importance: Mapping[str, Factors], decay: float) -> bool:
        """Move to the network's parameters, let the old importance decay and add this.

        Return False, having changed nothing, where the sum is not finite.
        """
        blocks = layer_blocks(network)
        if not all(bool(torch.isfinite(m).all()) for f in importance.values() for m in (f.inputs, f.outputs)):
            return False
        names = [*self._layers, *(name for name in importance if name not in self._layers)]
        self._layers = {
            name: _joined(blocks[name], self._layers.get(name), importance.get(name), decay=decay) for name in names
        }
        self._point = network.parameters.clone()
        self._weigh()
        return True

    def pull(self, parameters: Tensor, step_size: float | Tensor) -> None:
        """Move the parameters, in place, to where ½‖Δθ‖²/s + penalty is least."""
        if self._point is None:
            return
        way = parameters - self._point
        shrinkage = self._shrink(step_size)
        for name, layer in self._layers.items():
            along = layer.rotate(layer.block.take(way)).mul_(shrinkage[name])
            layer.block.subtract(parameters, layer.rotate_back(along))

    def penalty(self, parameters: Tensor) -> float | None:
        """Return the penalty at ``parameters``, None where there is no point."""
        if self._point is None:
            return None
        way = parameters - self._point
        squares = {name: layer.rotate(layer.block.take(way)).square_() for name, layer in self._layers.items()}
        return 0.5 * sum(float(square.mul_(self._curvature[name]).sum()) for name, square in squares.items())

    def recast(self, recast: Recast) -> None:
        """Move the point; the importance of a layer whose inputs or outputs change is that of the new ones."""
        if self._point is None:
            return
        recast.move(self._point)
        self._layers = {name: layer.recast(recast, name=name) for name, layer in self._layers.items()}
        self._weigh()

    def state_dict(self) -> dict[str, Any]:
        """Return the point, and each layer's importance with its eigenbases."""
        return {
            "anchor": torch.zeros(0) if self._point is None else self._point,
            "layers": {name: layer.state_dict() for name, layer in self._layers.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up point and importance."""
        point = torch.as_tensor(state["anchor"])
        self._point = point.clone() if len(point) else None
        self._layers = {name: _Layer.from_state(saved) for name, saved in state["layers"].items()}
        self._weigh()

    def _weigh(self) -> None:
        self._shrinkage = None
        self._curvature = {name: layer.curvature(self._scale) for name, layer in self._layers.items()}

    def _shrink(self, step_size: float | Tensor) -> dict[str, Tensor]:
        """Return s·h / (1 + s·h) in the eigenbases of each layer; kept while the step size stays."""
        if isinstance(step_size, float):
            if self._shrinkage is None or self._shrinkage[0] != step_size:
                self._shrinkage = step_size, {n: _share(h, step_size) for n, h in self._curvature.items()}
            return self._shrinkage[1]
        means = {n: 1 / layer.block.take(step_size).reciprocal_().mean() for n, layer in self._layers.items()}
        return {name: _share(curvature, means[name]) for name, curvature in self._curvature.items()}


def _share(curvature: Tensor, step_size: float | Tensor) -> Tensor:
    pull = curvature * step_size
    return pull.div_(pull + 1)


def _joined(block: LayerBlock, old: _Layer | None, new: Factors | None, *, decay: float) -> _Layer:
    """Return a layer's importance with what is new, where the layer was used since the last consolidation."""
    if old is None:
        assert new is not None
        return _Layer.of(block, new, count=1.0)
    before, count = old.factors, old.count * decay
    outputs = before.outputs * decay
    if new is None:
        return _Layer.of(block, Factors(inputs=before.inputs, outputs=outputs), count=count)
    inputs = before.inputs.lerp(new.inputs, 1 / (count + 1))
    return _Layer.of(block, Factors(inputs=inputs, outputs=outputs.add_(new.outputs)), count=count + 1)
