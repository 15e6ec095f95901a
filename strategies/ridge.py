"""Ridge regression on a stream: two sums, and weights solved from them."""

from __future__ import annotations

from copy import copy
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

_YOUNG_SHARE = 16
"""While young, weights are solved again once a sixteenth of all events is new."""

_ROUNDING = 8 * torch.finfo(torch.float64).eps
"""Share of a column's own size that is added for each column to its ridge: what rounding may have taken away."""

_ATTEMPTS = (1.0, 1e3, 1e6)
"""Multiples of that share to try, should the sums not be positive definite after all."""


class StreamingRidge:
    """Least squares of ``targets`` on ``columns`` with a ridge, from Σφφᵀ and Σφyᵀ alone.

    W = (Σφφᵀ + λI)⁻¹ Σφyᵀ is what recursive least squares comes to, without its updates of an inverse, in which
    rounding adds up. The sums are float64 and do not depend on the order of the events but for rounding: with
    ``forgetting`` 1 nothing is ever forgotten, no row is kept, and two of them can be merged.
    This is analytic continual learning: Zhuang et al. 2022 (ACIL), McDonnell et al. 2023 (RanPAC), TS-ACL (arXiv
    2410.15954); Hayes & Kanan 2020 (streaming LDA) keep a covariance and class means in the same way. With
    ``forgetting`` f below 1, an event counts f^k after k later ones; λ stays, so that nothing winds up.

    ``views`` are nested regressions on the first so many columns, and share the sums: the leading block of a
    Cholesky factor is the factor of the leading block, and so one factor and one forward substitution serve all.

    Weights are solved when ``solve_every`` events are new, or earlier a sixteenth of all so far: a function of the
    blocks' sizes alone. The sums take ``8 · columns²`` bytes, from the first event on. What a block adds to them is
    computed in float32 where it may be ``single``, in half the time: good enough beside a ridge that is large.

    >>> ridge = StreamingRidge([2], outputs=1, ridge=1e-6)
    >>> columns = torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> ridge.absorb(columns, torch.tensor([[1.0], [3.0], [5.0]]))
    True
    >>> ridge.outputs(columns)[0].flatten().round(decimals=3).tolist()
    [1.0, 3.0, 5.0]
    """

    def __init__(
        self,
        views: Sequence[int],
        *,
        outputs: int,
        forgetting: float = 1.0,
        ridge: float = 1.0,
        solve_every: int = 512,
        single: bool = False,
    ) -> None:
        assert views
        assert all(narrow <= wide for narrow, wide in pairwise([1, *views])), "each view begins the next"
        assert 0 < forgetting <= 1
        self.events = 0
        """Rows in the sums, forgotten ones among them."""
        self.parameters = torch.zeros(sum(views) * outputs)
        """All weights in one vector ``(parameters,) float32``, view after view; changed in place."""
        parts = torch.split(self.parameters, [view * outputs for view in views])
        self.weights: list[Tensor] = [part.view(view, outputs) for part, view in zip(parts, views, strict=True)]
        """Of each view ``(columns, outputs) float32``: parts of ``parameters``, zero before the first solution."""
        self._views = tuple(views)
        self._outputs = outputs
        self._forgetting = forgetting
        self._ridge = ridge
        self._solve_every = solve_every
        self._add = self._add_single if single else self._add_double
        self._solved_at = 0
        self._gram = torch.zeros(0, 0, dtype=torch.float64)
        self._cross = torch.zeros(0, outputs, dtype=torch.float64)

    @property
    def gram(self) -> Tensor:
        """Σφφᵀ ``(columns, columns) float64``, without the ridge; empty before the first event, read it only."""
        return self._gram

    @property
    def unsolved(self) -> int:
        """Events that the weights do not know of yet."""
        return self.events - self._solved_at

    def outputs(self, columns: Tensor) -> list[Tensor]:
        """Return each view's outputs ``(rows, outputs) float32`` for columns ``(rows, columns) float32``."""
        return [columns[:, :view] @ weights for view, weights in zip(self._views, self.weights, strict=True)]

    def absorb(self, columns: Tensor, targets: Tensor) -> bool:
        """Add rows to the sums, and solve if it is time; ``targets`` are ``(rows, outputs)``.

        Return False, and change nothing, where something is not finite or so large that its square is not in
        float32.
        """
        if not self._add(columns, targets):
            return False
        self.events += len(columns)
        if self.unsolved >= min(self._solve_every, max(1, self.events // _YOUNG_SHARE)):
            self.solve()
        return True

    def solve(self) -> bool:
        """Set the weights from the sums; return False, and leave them, where that cannot be done."""
        self._solved_at = self.events
        factor = self._factor()
        if factor is None:
            return False
        half = torch.linalg.solve_triangular(factor, self._cross, upper=False)
        solved = [
            torch.linalg.solve_triangular(factor[:view, :view].t(), half[:view], upper=True) for view in self._views
        ]
        vector = torch.cat([weights.reshape(-1) for weights in solved]).float()
        if not bool(vector.isfinite().all()):
            return False
        self.parameters.copy_(vector)
        return True

    def merge(self, other: StreamingRidge) -> None:
        """Add what another has summed on the same columns, as if its events had come here too; solve."""
        assert other._views == self._views
        if not len(other._gram):
            return
        self._begin()
        self._gram += other._gram
        self._cross += other._cross
        self.events += other.events
        self.solve()

    def downdate(self, columns: Tensor, targets: Tensor) -> None:
        """Take rows out of the sums that are in them, as if they had never come, and solve; shapes as ``absorb``.

        The sums are those without the rows but for the rounding of float64, and the weights follow; what that loses
        where the rows were nearly all there was is told in Björck 1996, chapter 3. Raises ``ValueError`` where
        ``forgetting`` is below 1: by each row those before it have faded, and nobody can tell them apart any more.
        """
        if self._forgetting != 1:
            raise ValueError("sums that fade cannot be downdated: what came before a row has faded by it")
        assert len(columns) <= self.events, "they are in the sums"
        phi = columns.double()
        self._gram.addmm_(phi.t(), phi, alpha=-1)
        self._cross.addmm_(phi.t(), targets.double(), alpha=-1)
        self.events -= len(columns)
        self.solve()

    def served_copy(self) -> StreamingRidge:
        """Return one with the weights of now, for good, and without the sums."""
        served = copy(self)
        served.parameters = self.parameters.clone()
        sizes = [weights.numel() for weights in self.weights]
        parts = torch.split(served.parameters, sizes)
        served.weights = [part.view(each.shape) for part, each in zip(parts, self.weights, strict=True)]
        served._gram = served._cross = torch.zeros(0, self._outputs)  # noqa: SLF001 - of the same class
        return served

    def state_dict(self) -> dict[str, Any]:
        """Return sums, weights and counts; the sums are empty before the first event."""
        return {
            "gram": self._gram,
            "cross": self._cross,
            "parameters": self.parameters,
            "events": self.events,
            "solved_at": self._solved_at,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of other columns or outputs."""
        gram, cross = torch.as_tensor(state["gram"]), torch.as_tensor(state["cross"])
        parameters = torch.as_tensor(state["parameters"])
        shapes = (len(parameters), len(gram) or self._views[-1], cross.shape[1])
        if shapes != (own := (len(self.parameters), self._views[-1], self._outputs)):
            raise ValueError(
                f"the checkpoint's closed form has {shapes[0]} weights on {shapes[1]} columns for {shapes[2]}"
                f" outputs, the configured one {own[0]} on {own[1]} for {own[2]}"
            )
        self.parameters.copy_(parameters)
        # Copies in torch's own memory: how operands are aligned may decide how a product rounds.
        self._gram, self._cross = gram.clone(), cross.clone()
        self.events, self._solved_at = state["events"], state["solved_at"]

    def _add_double(self, columns: Tensor, targets: Tensor) -> bool:
        if not _moderate(columns) or not _moderate(targets):
            return False
        self._begin()
        rows, phi = len(columns), columns.double()
        kept = self._forgetting**rows
        weighted = phi if self._forgetting == 1 else phi * _fading(rows, self._forgetting)
        self._gram.addmm_(weighted.t(), phi, beta=kept)
        self._cross.addmm_(weighted.t(), targets.double(), beta=kept)
        return True

    def _add_single(self, columns: Tensor, targets: Tensor) -> bool:
        phi, y = columns.numpy(), targets.numpy()
        if self._forgetting < 1:
            size = _fading_sizes(len(phi), self._forgetting)
            phi, y = phi * size, y * size
        with np.errstate(over="ignore", invalid="ignore"):
            # A product with one's own transpose costs numpy half of what it costs torch.
            gram, cross = phi.T @ phi, phi.T @ y.astype(np.float32)
            if not np.isfinite(gram.trace() + np.abs(cross).sum() + np.square(y).sum()):
                return False
        self._begin()
        kept = self._forgetting ** len(phi)
        for sums, added in ((self._gram.numpy(), gram), (self._cross.numpy(), cross)):
            np.add(np.multiply(sums, kept, out=sums), added, out=sums)
        return True

    def _begin(self) -> None:
        """Make the sums, unless there are any."""
        if len(self._gram):
            return
        columns = self._views[-1]
        self._gram = torch.zeros(columns, columns, dtype=torch.float64)
        self._cross = torch.zeros(columns, self._outputs, dtype=torch.float64)

    def _factor(self) -> Tensor | None:
        """Return the Cholesky factor of the sums with their ridge, lower; None where there is none."""
        sizes = self._gram.diagonal() * (_ROUNDING * len(self._gram))
        for attempt in _ATTEMPTS:
            system = self._gram.clone()
            system.diagonal().add_(sizes, alpha=attempt).add_(self._ridge)
            factor: Tensor
            factor, failed = torch.linalg.cholesky_ex(system)
            if not int(failed):
                return factor
        return None


@lru_cache(maxsize=64)
def _fading_sizes(rows: int, forgetting: float) -> NDArray[np.float32]:
    """Return the roots of what each row of a block counts at its end ``(rows, 1)``; read it only."""
    return _fading(rows, forgetting).sqrt().float().numpy()


@lru_cache(maxsize=64)
def _fading(rows: int, forgetting: float) -> Tensor:
    """Return what each row of a block counts at its end ``(rows, 1) float64``; read it only."""
    later = torch.arange(rows - 1, -1, -1, dtype=torch.float64)
    return (forgetting**later).unsqueeze(1)


def _moderate(values: Tensor) -> bool:
    """Tell whether the square norm of the values is finite in float32, as of a gradient that is a step to take."""
    return bool(values.float().square().sum().isfinite())
