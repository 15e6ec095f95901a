"""Progressive networks: a column per task, which hears the earlier ones and never changes them."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import nn

from strategies.adapters.adapter import Adapter, Ground
from strategies.adapters.choice import chosen
from strategies.end_layers import first_layers
from strategies.options.adapters.progressive import ProgressiveOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor


class Progressive(Adapter):
    """Progressive networks (Rusu et al. 2016, arXiv 1606.04671, eq. 1) of a chain of layers such as an MLP or CNN.

    A task's column is trained until the next task's begins, and never changes again, by not a bit. Its layers also
    take what came into the same layer in all earlier columns, through weights of their own. The row's task chooses
    the column that answers, the newest one where the task has not been learned; without a task, the most certain
    column does, the one with the lowest entropy. A column that is at rest cannot learn a task that has taken the
    place of its own (``retention.when_full``): such a task is learned in the last column, as all later ones are.
    """

    Options: ClassVar[type[ProgressiveOptions]] = ProgressiveOptions

    def __init__(self, options: ProgressiveOptions, *, ground: Ground) -> None:
        super().__init__(options, ground=ground)
        self._columns = min(options.max_columns, ground.tasks)

    def adapt(self, module: nn.Module) -> nn.Module:
        """Make the module the first column; raise ``ValueError`` where it is no chain of layers."""
        if not isinstance(module, nn.Sequential) or type(module).forward is not nn.Sequential.forward:
            raise ValueError("progressive: the model is no plain nn.Sequential; use mlp, cnn or linear")
        if not all(isinstance(layer, _PASSIVE) or type(layer) in _WEIGHTED for layer in module):
            raise ValueError(
                "progressive: a column is made of linear layers, convolutions, ReLU, max-pooling and"
                f" (un)flattening; the model has {', '.join(sorted({type(layer).__name__ for layer in module}))}"
            )
        return ProgressiveColumns(module, columns=self._columns)

    @staticmethod
    def plain(tensors: Mapping[str, Tensor], *, task: int | None) -> dict[str, Tensor]:
        """Raise ``ValueError`` where there are columns: no plain model does what they do together."""
        del task
        if any(name.startswith("columns.") for name in tensors):
            raise ValueError("progressive columns depend on each other, and make no plain model")
        return dict(tensors)


_PASSIVE = (nn.ReLU, nn.MaxPool2d, nn.Flatten, nn.Unflatten)
_WEIGHTED = (nn.Linear, nn.Conv2d)


class ProgressiveColumns(nn.Module):
    """Columns of the same shape, all made at the start; ``newest_column`` says how many have begun."""

    needs_task = True
    uses_layers_once = True

    def __init__(self, column: nn.Sequential, *, columns: int) -> None:
        super().__init__()
        self.columns = nn.ModuleList([column, *(_fresh(column) for _ in range(columns - 1))])
        self.laterals = nn.ModuleList(_laterals(column, earlier=number) for number in range(columns))
        self.newest_column: Tensor
        self.register_buffer("newest_column", torch.tensor(0))
        self.task_replaced: Tensor
        """Whether a column's task has made room for another ``(columns,) bool``."""
        self.register_buffer("task_replaced", torch.zeros(columns, dtype=torch.bool))

    def forward(self, x: Tensor, task: Tensor) -> Tensor:
        """Return the outputs ``(rows, outputs)`` of each row's column."""
        place = self._column_of(task)
        if self.training:
            self.newest_column.copy_(torch.maximum(self.newest_column, place.max()))
        newest = int(self.newest_column)
        place = place.clamp(max=newest)
        # To be differentiated, an answer must come from the newest column, if only with a slope of zero.
        needed = newest if torch.is_grad_enabled() or bool((place < 0).any()) else int(place.max())
        return chosen(torch.stack(list(self._answers(x, needed, newest=newest))), place)

    def first_layers(self) -> list[str] | None:
        """Return the names of each column's first layer, where that is a linear one."""
        names = [first_layers(column, f"columns.{number}") for number, column in enumerate(self.columns)]
        return None if None in names else [name for found in names for name in found or ()]

    def at_rest(self) -> Iterator[nn.Parameter]:
        """Return the parameters of the columns that another has followed."""
        for number in range(int(self.newest_column)):
            yield from self.columns[number].parameters()
            yield from self.laterals[number].parameters()

    def merge_task(self, task: int) -> None:
        """Take note that a task's rows come no more, and that those with its number are another's."""
        if task < len(self.columns):
            self.task_replaced[task] = True

    def _column_of(self, task: Tensor) -> Tensor:
        last = len(self.columns) - 1
        place = task.clamp(max=last)
        if not self.task_replaced.any():
            return place
        return torch.where((place >= 0) & self.task_replaced[place.clamp(min=0)], last, place)

    def _answers(self, x: Tensor, last: int, *, newest: int) -> Iterator[Tensor]:
        """Yield the outputs of the columns up to number ``last``; only the newest one's can be differentiated."""
        heard: list[list[Tensor]] = [[] for _ in _weighted(self.columns[0])]
        for number in range(last + 1):
            with torch.set_grad_enabled(torch.is_grad_enabled() and number == newest):
                answer = self._answer(x, number, heard)
            yield answer

    def _answer(self, x: Tensor, number: int, heard: list[list[Tensor]]) -> Tensor:
        """Return a column's outputs; add to ``heard`` what came into each of its layers that have weights."""
        laterals = self.laterals[number].children()
        place = 0
        for layer in self.columns[number].children():
            if type(layer) not in _WEIGHTED:
                x = layer(x)
                continue
            # The first layer of every column takes the same inputs: there is nothing to hear.
            side = next(laterals)(torch.cat(heard[place], 1)) if number and place else 0
            heard[place].append(x.detach())
            x = layer(x) + side
            place += 1
        return x


def _weighted(column: nn.Module) -> list[nn.Linear | nn.Conv2d]:
    return [layer for layer in column.children() if isinstance(layer, nn.Linear | nn.Conv2d)]


def _fresh(column: nn.Sequential) -> nn.Sequential:
    """Return a column of the same shape with weights of its own."""
    copy = deepcopy(column)
    for layer in _weighted(copy):
        layer.reset_parameters()
    return copy


def _laterals(column: nn.Sequential, *, earlier: int) -> nn.ModuleList:
    """Return, for each layer with weights but the first, what hears ``earlier`` columns there."""
    layers = _weighted(column)[1:] if earlier else []
    return nn.ModuleList(_lateral(layer, earlier) for layer in layers)


def _lateral(layer: nn.Linear | nn.Conv2d, earlier: int) -> nn.Module:
    if isinstance(layer, nn.Linear):
        return nn.Linear(earlier * layer.in_features, layer.out_features, bias=False)
    return nn.Conv2d(
        earlier * layer.in_channels,
        layer.out_channels,
        (layer.kernel_size[0], layer.kernel_size[1]),
        stride=(layer.stride[0], layer.stride[1]),
        padding=layer.padding if isinstance(layer.padding, str) else (layer.padding[0], layer.padding[1]),
        dilation=(layer.dilation[0], layer.dilation[1]),
        bias=False,
        padding_mode=layer.padding_mode,
    )
